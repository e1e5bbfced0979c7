// SPDX-License-Identifier: GPL-2.0-only
/*
 * The optional words of the table line:
 *
 *   <#words> [format 1|2] [domain <n>] [name <word>] [observe|bounce]
 *            [on_full error|stop]
 *            [ack log|device] [log_reads] [memory <MiB>] [power_fail]
 */
#include "lw.h"

static const char *next_word(struct dm_arg_set *as)
{
	const char *word = dm_shift_arg(as);

	return word ? word : "";
}

/* Which of the options that exclude or default each other were given. */
struct given {
	bool mode;
	bool ack;
};

static int parse_one(const char *word, struct dm_arg_set *as,
		     struct lw_options *options, struct given *given,
		     char **error)
{
	const char *value;

	if (!strcasecmp(word, "format")) {
		value = next_word(as);
		if (kstrtouint(value, 10, &options->format) ||
		    options->format < 1 || options->format > 2) {
			*error = "format must be 1 or 2";
			return -EINVAL;
		}
	} else if (!strcasecmp(word, "domain")) {
		if (kstrtou32(next_word(as), 10, &options->domain)) {
			*error = "domain must be a number";
			return -EINVAL;
		}
	} else if (!strcasecmp(word, "name")) {
		value = next_word(as);
		if (!*value || strlen(value) >= sizeof(options->name)) {
			*error = "name must have 1 to 47 bytes";
			return -EINVAL;
		}
		strscpy(options->name, value, sizeof(options->name));
	} else if (!strcasecmp(word, "observe") ||
		   !strcasecmp(word, "bounce")) {
		enum lw_mode mode = !strcasecmp(word, "observe") ? LW_OBSERVE :
								   LW_BOUNCE;

		if (given->mode && mode != options->mode) {
			*error = "observe and bounce exclude each other";
			return -EINVAL;
		}
		given->mode = true;
		options->mode = mode;
	} else if (!strcasecmp(word, "on_full")) {
		value = next_word(as);
		if (!strcasecmp(value, "error")) {
			options->on_full = LW_FULL_ERROR;
		} else if (!strcasecmp(value, "stop")) {
			options->on_full = LW_FULL_STOP;
		} else {
			*error = "on_full must be error or stop";
			return -EINVAL;
		}
	} else if (!strcasecmp(word, "ack")) {
		value = next_word(as);
		if (!strcasecmp(value, "log")) {
			options->ack = LW_ACK_LOG;
		} else if (!strcasecmp(value, "device")) {
			options->ack = LW_ACK_DEVICE;
		} else {
			*error = "ack must be log or device";
			return -EINVAL;
		}
		given->ack = true;
	} else if (!strcasecmp(word, "log_reads")) {
		options->log_reads = true;
	} else if (!strcasecmp(word, "power_fail")) {
		options->power_fail = true;
	} else if (!strcasecmp(word, "memory")) {
		if (kstrtouint(next_word(as), 10, &options->memory_mib) ||
		    options->memory_mib < LW_MIN_MEMORY_MIB ||
		    options->memory_mib > LW_MAX_MEMORY_MIB) {
			*error = "memory must be 2 to 65536 (MiB)";
			return -EINVAL;
		}
	} else {
		*error = "unknown option";
		return -EINVAL;
	}
	return 0;
}

int lw_parse_options(struct dm_target *ti, unsigned int argc, char **argv,
		     struct lw_options *options)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct given given = { 0 };
	unsigned int words;
	int ret;

	*options = (struct lw_options){
		.format = 1,
		.ack = LW_ACK_DEVICE,
		.memory_mib = LW_DEFAULT_MEMORY_MIB,
	};
	if (!argc)
		return 0;
	if (kstrtouint(dm_shift_arg(&as), 10, &words)) {
		ti->error = "no number of option words after the log device";
		return -EINVAL;
	}
	if (words != as.argc) {
		ti->error = words < as.argc ?
			"surplus arguments: more words than counted" :
			"missing arguments: fewer words than counted";
		return -EINVAL;
	}
	while (as.argc) {
		const char *word = dm_shift_arg(&as);

		ret = parse_one(word, &as, options, &given, &ti->error);
		if (ret)
			return ret;
	}
	/* Format 1 alone behaves as upstream's target. */
	if (options->format == 2 && !given.ack)
		options->ack = LW_ACK_LOG;
	if (options->format == 1) {
		if (options->domain || options->mode == LW_OBSERVE ||
		    options->log_reads || options->name[0]) {
			ti->error =
				"name, domain, observe, log_reads: format 2";
			return -EINVAL;
		}
	}
	return 0;
}
