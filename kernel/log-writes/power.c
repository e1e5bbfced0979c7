// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power failure of a running stack (table option power_fail).
 *
 * A lost write must be gone, so what was there before it is read first and kept
 * until a flush covers the write. When the power fails, writes below us are
 * waited for; then the kept contents go back to the device, newest first. They
 * are recorded like any write, behind a mark "powerfail": the log still equals
 * the medium, and the mark is the cut. Contents are kept within the memory
 * bound: the oldest are let go first, as if those writes had landed.
 *
 * The devices of a flush domain share one power supply.
 */
#include <linux/slab.h>

#include "lw.h"

/* What was on the device before a write that no flush has covered. */
struct lw_undo {
	struct list_head list; /* of lw_domain.flying, then .undo */
	struct lw_target *target;
	struct bio *before; /* NULL: the write only stands in others' way */
	sector_t sector;
	unsigned int bytes;
	unsigned int epoch; /* of the domain, when the write completed */
	bool landed; /* not to be taken back after all */
};

/* ---- Domains ----------------------------------------------------------- */

static void lw_power_work(struct work_struct *work);

struct lw_domain *lw_domain_get(struct lw_log *log, u32 number)
{
	struct lw_domain *domain;

	mutex_lock(&log->mutex);
	list_for_each_entry(domain, &log->domains, list) {
		if (domain->number == number)
			goto out;
	}
	domain = kzalloc(sizeof(*domain), GFP_KERNEL);
	if (domain) {
		domain->log = log;
		domain->number = number;
		INIT_LIST_HEAD(&domain->undo);
		INIT_LIST_HEAD(&domain->flying);
		INIT_WORK(&domain->work, lw_power_work);
		list_add_tail(&domain->list, &log->domains);
	}
out:
	mutex_unlock(&log->mutex);
	return domain;
}

void lw_domains_free(struct lw_log *log)
{
	struct lw_domain *domain, *next;

	list_for_each_entry_safe(domain, next, &log->domains, list) {
		WARN_ON(!list_empty(&domain->undo));
		kfree(domain);
	}
}

/* The lock is held. */
static void lw_undo_free(struct lw_log *log, struct lw_undo *undo)
{
	list_del(&undo->list);
	if (undo->before) {
		log->memory -= lw_copy_memory(log, undo->bytes);
		lw_copy_free(log, undo->before);
	}
	kfree(undo);
}

/*
 * Lets the oldest kept contents go until so many bytes fit. The lock is held.
 * Also when the power has failed: what is still in flight may wait for memory.
 */
void lw_power_shrink(struct lw_log *log, u64 bytes)
{
	struct lw_domain *domain;
	struct lw_undo *undo, *next;

	list_for_each_entry(domain, &log->domains, list) {
		if (domain->applying)
			continue;
		list_for_each_entry_safe(undo, next, &domain->undo, list) {
			if (log->memory + bytes <= log->memory_limit)
				return;
			lw_undo_free(log, undo);
		}
	}
}

static bool lw_undo_overlaps(struct lw_undo *undo, struct lw_io *io)
{
	return undo->target == io->target &&
	       undo->sector < io->sector + (io->bytes >> SECTOR_SHIFT) &&
	       io->sector < undo->sector + (undo->bytes >> SECTOR_SHIFT);
}

/* Will what is there be kept while this is done? */
bool lw_power_keeps(struct lw_io *io)
{
	return io->powered && io->bytes && io->bytes <= LW_MAX_IO_BYTES;
}

/* The target goes: nothing of it may be taken back any more. */
void lw_power_forget(struct lw_target *target)
{
	struct lw_domain *domain = target->domain;
	struct lw_log *log = target->log;
	struct lw_undo *undo, *next;

	if (!domain)
		return;
	/* A failure under way is waited for; a later one finds nothing. */
	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !domain->restoring, log->lock);
	list_for_each_entry_safe(undo, next, &domain->undo, list) {
		if (undo->target == target)
			lw_undo_free(log, undo);
	}
	spin_unlock_irq(&log->lock);
	flush_work(&domain->work);
}

/* ---- Failing ----------------------------------------------------------- */

/* The lock is held. */
static void lw_power_off(struct lw_domain *domain, enum lw_power how)
{
	domain->power = how;
	domain->trigger = LW_TRIGGER_NONE;
	domain->restoring = true;
	queue_work(system_unbound_wq, &domain->work);
}

/* The lock is held. True if this is the operation that was waited for. */
static bool lw_power_trigger(struct lw_domain *domain, enum lw_trigger trigger)
{
	if (domain->power != LW_POWER_ON || domain->trigger != trigger ||
	    --domain->countdown)
		return false;
	lw_power_off(domain, domain->armed_power);
	return true;
}

/* True if the power is off and the operation has been dealt with. */
bool lw_power_map(struct lw_target *target, struct bio *bio, int *result)
{
	struct lw_domain *domain = target->domain;
	struct lw_log *log = target->log;
	bool read = bio_op(bio) == REQ_OP_READ;
	enum lw_power power;

	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !domain->restoring, log->lock);
	if ((bio->bi_opf & REQ_PREFLUSH) && !bio_sectors(bio))
		lw_power_trigger(domain, LW_TRIGGER_FLUSH);
	else if ((bio->bi_opf & REQ_FUA) && bio_sectors(bio))
		lw_power_trigger(domain, LW_TRIGGER_FUA);
	power = domain->power;
	if (power == LW_POWER_ON && !read)
		domain->in_flight++;
	spin_unlock_irq(&log->lock);

	if (power == LW_POWER_ON || (power == LW_POWER_DROP && read))
		return false;
	bio->bi_status = power == LW_POWER_EIO ? BLK_STS_IOERR : BLK_STS_OK;
	bio_endio(bio);
	*result = DM_MAPIO_SUBMITTED;
	return true;
}

/* An operation that lw_power_map() let through does not happen after all. */
void lw_power_abort(struct lw_io *io)
{
	struct lw_target *target = io->target;
	struct lw_undo *undo = io->undo;

	if (!target || !target->domain || !io->powered)
		return;
	spin_lock_irq(&io->log->lock);
	target->domain->in_flight--;
	if (undo)
		lw_undo_free(io->log, undo);
	spin_unlock_irq(&io->log->lock);
	io->undo = NULL;
	io->powered = false;
	wake_up_all(&io->log->wait);
}

static void lw_before_work(struct work_struct *work)
{
	struct lw_io *io = container_of(work, struct lw_io, work);

	if (io->undo->before->bi_status) {
		/* Nothing to put back: the write counts as landed. */
		spin_lock_irq(&io->log->lock);
		io->undo->landed = true;
		spin_unlock_irq(&io->log->lock);
	}
	lw_go(io);
}

static void lw_before_endio(struct bio *before)
{
	struct lw_io *io = before->bi_private;

	INIT_WORK(&io->work, lw_before_work);
	queue_work(io->log->helpers, &io->work);
}

/*
 * Looks at what is there, then goes on with lw_go(). False: no need. What is
 * there while overlapping writes are on their way may be what none of them
 * leaves; all count as landed, and stand in the way of the next one too.
 */
bool lw_power_before(struct lw_io *io)
{
	struct lw_domain *domain = io->target->domain;
	struct lw_log *log = io->log;
	struct lw_undo *undo, *other;
	bool landed = !lw_power_keeps(io);

	if (!io->bytes)
		return false;
	undo = kzalloc(sizeof(*undo), GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);
	if (!undo)
		return false;
	INIT_LIST_HEAD(&undo->list);
	undo->target = io->target;
	undo->sector = io->sector;
	undo->bytes = io->bytes;
	spin_lock_irq(&log->lock);
	list_for_each_entry(other, &domain->flying, list) {
		if (!lw_undo_overlaps(other, io))
			continue;
		other->landed = true;
		landed = true;
	}
	undo->landed = landed;
	list_add_tail(&undo->list, &domain->flying);
	/* Admitted with the write; it outlives it. */
	if (!landed)
		io->memory -= lw_copy_memory(log, io->bytes);
	spin_unlock_irq(&log->lock);
	io->undo = undo;
	if (landed)
		return false;
	undo->before = lw_copy_alloc(log, io->target->dev->bdev, REQ_OP_READ,
				     io->bytes);
	undo->before->bi_iter.bi_sector = io->sector;
	undo->before->bi_private = io;
	undo->before->bi_end_io = lw_before_endio;
	submit_bio_noacct(undo->before);
	return true;
}

/* The flush is on its way: what has completed is what it covers. Locked. */
void lw_power_flush(struct lw_io *io)
{
	if (io->powered)
		io->undo_epoch = io->target->domain->epoch++;
}

/* The device has done it, or failed. The lock is held. */
void lw_power_done(struct lw_io *io)
{
	struct lw_domain *domain;
	struct lw_undo *undo, *next;

	if (!io->powered)
		return;
	domain = io->target->domain;
	domain->in_flight--;
	if (!domain->in_flight && domain->restoring)
		wake_up_all(&io->log->wait);
	if (io->op == PC_OP_FLUSH && !io->status) {
		list_for_each_entry_safe(undo, next, &domain->undo, list) {
			if (undo->epoch - io->undo_epoch - 1 < UINT_MAX / 2)
				break;
			lw_undo_free(io->log, undo);
		}
		lw_power_trigger(domain, LW_TRIGGER_AFTER_FLUSH);
	}
	undo = io->undo;
	io->undo = NULL;
	if (undo && undo->landed) {
		lw_undo_free(io->log, undo);
	} else if (undo) {
		undo->epoch = domain->epoch;
		list_move_tail(&undo->list, &domain->undo);
	}
	if (!io->status && (io->flags & PC_EVENT_FUA)) {
		/* Durable: nothing older may be put over it. */
		list_for_each_entry_safe(undo, next, &domain->undo, list) {
			if (lw_undo_overlaps(undo, io))
				lw_undo_free(io->log, undo);
		}
	}
	while (io->log->memory > io->log->memory_limit / 2 &&
	       !domain->applying && !list_empty(&domain->undo))
		lw_undo_free(io->log,
			     list_first_entry(&domain->undo, struct lw_undo,
					      list));
}

/* ---- Putting back ------------------------------------------------------ */

static void lw_token_endio(struct bio *token)
{
	complete(token->bi_private);
}

/* A recorded operation of our own; returns when it is done. */
static void lw_own_io(struct lw_target *target, u8 op, struct bio *content,
		      sector_t sector)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct lw_log *log = target->log;
	blk_opf_t opf = REQ_OP_WRITE | REQ_SYNC;
	struct lw_io *io = lw_io_alloc(log, target);
	struct bio *token;

	if (op == PC_OP_FLUSH)
		opf |= REQ_PREFLUSH;
	token = bio_alloc_bioset(target->dev->bdev, 0, opf, GFP_NOIO,
				 &log->bios);
	token->bi_private = &done;
	token->bi_end_io = lw_token_endio;
	token->bi_iter.bi_sector = sector;
	io->own = true;
	lw_prepare(io, token);
	io->op = op;
	io->bytes = content ? content->bi_iter.bi_size : 0;
	/* Refused or not, the token is ended. */
	lw_start(io, content);
	wait_for_completion(&done);
	if (token->bi_status)
		DMERR("%pg: a lost write could not be taken back",
		      target->dev->bdev);
	bio_put(token);
}

static void lw_undo_apply(struct lw_undo *undo)
{
	struct bvec_iter iter = {
		.bi_sector = undo->sector,
		.bi_size = undo->bytes,
	};

	undo->before->bi_iter = iter;
	lw_own_io(undo->target, PC_OP_WRITE, undo->before, undo->sector);
}

static void lw_power_work(struct work_struct *work)
{
	struct lw_domain *domain = container_of(work, struct lw_domain, work);
	struct lw_log *log = domain->log;
	struct lw_target *target = NULL;
	struct lw_undo *undo;

	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !domain->in_flight, log->lock);
	domain->applying = true;
	spin_unlock_irq(&log->lock);
	if (lw_log_mark(log, "powerfail"))
		DMERR("%pg: no mark: powerfail", log->bdev);
	for (;;) {
		spin_lock_irq(&log->lock);
		undo = list_empty(&domain->undo) ?
			       NULL :
			       list_last_entry(&domain->undo, struct lw_undo,
					       list);
		spin_unlock_irq(&log->lock);
		if (!undo || (target && target != undo->target))
			if (target)
				lw_own_io(target, PC_OP_FLUSH, NULL, 0);
		if (!undo)
			break;
		target = undo->target;
		lw_undo_apply(undo);
		spin_lock_irq(&log->lock);
		lw_undo_free(log, undo);
		spin_unlock_irq(&log->lock);
	}
	spin_lock_irq(&log->lock);
	domain->applying = false;
	domain->restoring = false;
	spin_unlock_irq(&log->lock);
	wake_up_all(&log->wait);
}

/* ---- Messages ---------------------------------------------------------- */

static int lw_parse_trigger(unsigned int argc, char **argv,
			    enum lw_trigger *trigger, u64 *n)
{
	if (argc == 3 && !strcasecmp(argv[1], "now")) {
		*trigger = LW_TRIGGER_NONE;
		return 0;
	}
	if (argc != 4 || kstrtou64(argv[2], 10, n) || !*n)
		return -EINVAL;
	if (!strcasecmp(argv[1], "flush"))
		*trigger = LW_TRIGGER_FLUSH;
	else if (!strcasecmp(argv[1], "fua"))
		*trigger = LW_TRIGGER_FUA;
	else if (!strcasecmp(argv[1], "after-flush"))
		*trigger = LW_TRIGGER_AFTER_FLUSH;
	else
		return -EINVAL;
	return 0;
}

static int lw_power_fail(struct lw_domain *domain, unsigned int argc,
			 char **argv)
{
	struct lw_log *log = domain->log;
	enum lw_trigger trigger;
	enum lw_power how;
	u64 n = 0;
	int ret = 0;

	if (argc < 3 || lw_parse_trigger(argc, argv, &trigger, &n))
		goto usage;
	if (!strcasecmp(argv[argc - 1], "eio"))
		how = LW_POWER_EIO;
	else if (!strcasecmp(argv[argc - 1], "drop"))
		how = LW_POWER_DROP;
	else
		goto usage;

	spin_lock_irq(&log->lock);
	if (domain->power != LW_POWER_ON) {
		ret = -EBUSY;
	} else if (trigger == LW_TRIGGER_NONE) {
		lw_power_off(domain, how);
	} else {
		domain->trigger = trigger;
		domain->countdown = n;
		domain->armed_power = how;
	}
	wait_event_lock_irq(log->wait, !domain->restoring, log->lock);
	spin_unlock_irq(&log->lock);
	if (ret)
		DMERR("the power is off already: heal comes first");
	return ret;

usage:
	DMERR("powerfail now|flush <n>|fua <n>|after-flush <n> eio|drop");
	return -EINVAL;
}

static int lw_power_heal(struct lw_domain *domain, unsigned int argc)
{
	struct lw_log *log = domain->log;
	bool was_off;

	if (argc != 1) {
		DMERR("heal takes no argument");
		return -EINVAL;
	}
	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !domain->restoring, log->lock);
	was_off = domain->power != LW_POWER_ON;
	domain->power = LW_POWER_ON;
	domain->trigger = LW_TRIGGER_NONE;
	spin_unlock_irq(&log->lock);
	/* The power is on; a log that is full cannot say so. */
	if (was_off && lw_log_mark(log, "heal"))
		DMERR("%pg: no mark: heal", log->bdev);
	return 0;
}

int lw_power_message(struct lw_target *target, unsigned int argc, char **argv)
{
	if (!target->domain) {
		DMERR("powerfail and heal need the table option power_fail");
		return -EINVAL;
	}
	if (!strcasecmp(argv[0], "heal"))
		return lw_power_heal(target->domain, argc);
	return lw_power_fail(target->domain, argc, argv);
}
