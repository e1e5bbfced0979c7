// SPDX-License-Identifier: GPL-2.0-only
/*
 * INFO begins with the two numbers that upstream prints (entries, last sector
 * of the log); then words and values. TABLE recreates the target.
 */
#include "lw.h"

static const char *lw_state_name(enum lw_state state)
{
	switch (state) {
	case LW_IDLE:
		return "idle";
	case LW_LOGGING:
		return "logging";
	case LW_FULL:
		return "full";
	case LW_STOPPED:
		return "stopped";
	case LW_FAILED:
		return "failed";
	}
	return "unknown";
}

static const char *lw_power_name(struct lw_target *target)
{
	enum lw_power power = LW_POWER_ON;

	if (target->domain)
		power = READ_ONCE(target->domain->power);
	return power == LW_POWER_ON  ? "on" :
	       power == LW_POWER_EIO ? "eio" :
				       "drop";
}

static void lw_status_info(struct lw_target *target, char *result,
			   unsigned int maxlen)
{
	struct lw_log *log = target->log;
	unsigned int sz = 0;
	u64 last;

	spin_lock_irq(&log->lock);
	last = log->position ? (log->position >> SECTOR_SHIFT) - 1 : 0;
	DMEMIT("%llu %llu format %u bytes %llu free %llu seq %llu",
	       log->logged_entries, last,
	       log->options.format, log->position, log->size - log->position,
	       log->next_seq);
	DMEMIT(" queued %u memory %llu %llu errors %llu unstable %llu",
	       log->queued_events, log->memory, log->memory_limit, log->errors,
	       log->unstable);
	DMEMIT(" state %s power %s", lw_state_name(log->state),
	       lw_power_name(target));
	spin_unlock_irq(&log->lock);
}

static void lw_status_table(struct lw_target *target, char *result,
			    unsigned int maxlen)
{
	struct lw_options *options = &target->options;
	unsigned int sz = 0, words = 0;
	char text[192];
	int n = 0;

	text[0] = 0;
#define WORDS(count, ...)                                                      \
	do {                                                                   \
		n += scnprintf(text + n, sizeof(text) - n, __VA_ARGS__);       \
		words += (count);                                              \
	} while (0)
	if (options->format != 1)
		WORDS(2, " format %u", options->format);
	if (options->domain)
		WORDS(2, " domain %u", options->domain);
	if (options->name[0])
		WORDS(2, " name %s", options->name);
	if (options->mode == LW_OBSERVE)
		WORDS(1, " observe");
	if (options->on_full == LW_FULL_STOP)
		WORDS(2, " on_full stop");
	if (options->format == 1 && options->ack == LW_ACK_LOG)
		WORDS(2, " ack log");
	if (options->format == 2 && options->ack == LW_ACK_DEVICE)
		WORDS(2, " ack device");
	if (options->log_reads)
		WORDS(1, " log_reads");
	if (options->memory_mib != LW_DEFAULT_MEMORY_MIB)
		WORDS(2, " memory %u", options->memory_mib);
	if (options->power_fail)
		WORDS(1, " power_fail");
#undef WORDS
	DMEMIT("%s %s", target->dev->name, target->log_dev->name);
	if (words)
		DMEMIT(" %u%s", words, text);
}

void lw_status(struct dm_target *ti, status_type_t type,
	       unsigned int status_flags, char *result, unsigned int maxlen)
{
	switch (type) {
	case STATUSTYPE_INFO:
		lw_status_info(ti->private, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		lw_status_table(ti->private, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		*result = '\0';
		break;
	}
}
