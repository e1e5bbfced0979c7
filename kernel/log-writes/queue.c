// SPDX-License-Identifier: GPL-2.0-only
/*
 * The queue of events, and the two bounds in front of it: memory, and room on
 * the log device.
 *
 * An operation is admitted before it is done: room for all its events is set
 * aside, by the worst case in which each event has a segment of its own. So
 * what has happened can always be recorded. Near the end of the log, admission
 * waits until the queue is written and the worst case is replaced by what was
 * needed; only what does not fit then finds the log full.
 *
 * Format 1 knows completions only, and its readers take the entries before a
 * flush for what the flush covers. Completed writes are held back until a flush
 * is submitted; it takes them along and they are queued before it, when it has
 * completed. If memory runs short they are queued early, which says that they
 * may have landed early: true of every disk. Never while a flush is in flight,
 * for it would seem to cover them.
 */
#include <linux/slab.h>

#include "lw.h"

/* Room for one event and its data, in a segment or entry of its own. */
static u64 lw_item_room(struct lw_io *io, u8 type)
{
	struct lw_log *log = io->log;
	u64 data = round_up(io->bytes, log->block);

	if (log->options.format == 1)
		return log->block + (lw_has_data(io) ? data : 0);
	if (type == PC_EVENT_COMPLETE) {
		if (lw_has_data(io) &&
		    io->target->options.mode == LW_OBSERVE)
			return log->block + data;
		return log->block;
	}
	return log->block +
	       (lw_has_data(io) || io->op == PC_OP_NONE ? data : 0);
}

static u64 lw_io_room(struct lw_io *io)
{
	u64 room = lw_item_room(io, io->submit.type);

	if (io->log->options.format == 2 && io->submit.type == PC_EVENT_SUBMIT)
		room += lw_item_room(io, PC_EVENT_COMPLETE);
	return room;
}

static bool lw_in_flight(struct lw_io *io)
{
	return io->submit.type == PC_EVENT_SUBMIT;
}

static bool lw_wants_writing(struct lw_log *log)
{
	return log->queued_bytes >= LW_KICK_BYTES ||
	       log->queued_events >= LW_SEGMENT_EVENTS;
}

void lw_kick(struct lw_log *log)
{
	queue_work(log->wq, &log->work);
}

/*
 * For somebody who waits, as the submitter of a flush does: the writer runs
 * here and now, no other processor has to wake for it.
 */
void lw_kick_near(struct lw_log *log)
{
	queue_work(log->near, &log->near_work);
}

/* The lock is held. */
static void lw_enqueue(struct lw_log *log, struct lw_item *item, u64 data)
{
	if (!log->queued_events)
		queue_delayed_work(log->wq, &log->tick, LW_TICK);
	item->seq = log->next_seq++;
	list_add_tail(&item->list, &log->queue);
	log->queued_events++;
	log->queued_bytes += data;
}

/* The lock is held. */
static void lw_enqueue_list(struct lw_log *log, struct list_head *items)
{
	struct lw_item *item, *next;

	list_for_each_entry_safe(item, next, items, list) {
		struct lw_io *io = container_of(item, struct lw_io, done);

		list_del(&item->list);
		lw_enqueue(log, item, lw_has_data(io) ? io->bytes : 0);
	}
}

/* Format 1, the lock is held: what was held back goes into the log early. */
void lw_release_held(struct lw_log *log)
{
	if (log->flushes)
		return;
	lw_enqueue_list(log, &log->held);
	log->held_waits = false;
}

/*
 * The log ends here, in a state other than LW_LOGGING; one that is full can
 * still fail. The lock is held.
 */
void lw_fail(struct lw_log *log, enum lw_state state, int error)
{
	if (log->state == LW_IDLE || log->state == LW_FAILED ||
	    (log->state != LW_LOGGING && state != LW_FAILED))
		return;
	log->state = state;
	log->error = error;
	if (state == LW_FAILED)
		DMERR("%pg: writing the log gave error %d; %s",
		      log->bdev, error,
		      log->options.on_full == LW_FULL_ERROR ?
			      "writes fail from here on" :
			      "writes are no longer recorded");
	else
		DMERR("%pg: the log is full after %llu bytes; %s", log->bdev,
		      (unsigned long long)(log->position + log->reserved),
		      state == LW_FULL ? "writes fail from here on" :
					 "writes are no longer recorded");
	wake_up_all(&log->wait);
}

/* Is the log beyond help for whoever wants to record? The lock is held. */
static int lw_refusal(struct lw_log *log)
{
	switch (log->state) {
	case LW_LOGGING:
		return 0;
	case LW_FULL:
		/* But for the mark at the end, which has a block of its own. */
		return log->closing ? 0 : -ENOSPC;
	case LW_STOPPED:
		return 1;
	case LW_FAILED:
		return log->options.on_full == LW_FULL_STOP ? 1 : -EIO;
	default:
		return -EIO;
	}
}

static bool lw_room_fits(struct lw_log *log, struct lw_io *io)
{
	/* One block stays for how the log ends. */
	u64 kept = log->closing ? 0 : log->block;

	return log->position + log->reserved + io->room + kept <= log->size;
}

static bool lw_memory_fits(struct lw_log *log, struct lw_io *io)
{
	/*
	 * What puts a lost write back is one write at a time, and what is kept
	 * for the others may be all there is: it waits for nobody.
	 */
	return !log->memory || io->own ||
	       log->memory + io->memory <= log->memory_limit;
}

/*
 * Takes memory and room for an operation; may sleep. 0: go on. Positive: it is
 * not to be recorded. Negative: it must not happen, the errno says why.
 */
int lw_admit(struct lw_io *io)
{
	struct lw_log *log = io->log;
	DEFINE_WAIT(wait);
	int ret;

	io->room = lw_io_room(io);
	io->memory = sizeof(*io) + sizeof(struct bio);
	if (lw_has_data(io) || io->op == PC_OP_NONE)
		io->memory += lw_copy_memory(log, io->bytes);
	/* For what turns out to be different, or was there before. */
	if (lw_has_data(io) && io->target->options.mode == LW_OBSERVE)
		io->memory += lw_copy_memory(log, io->bytes);
	if (lw_power_keeps(io))
		io->memory += lw_copy_memory(log, io->bytes);

	spin_lock_irq(&log->lock);
	for (;;) {
		ret = lw_refusal(log);
		if (ret)
			break;
		if (!lw_room_fits(log, io)) {
			if (log->closing) {
				ret = -ENOSPC;
				break;
			}
			if (!log->in_flight && !log->writing &&
			    list_empty(&log->queue)) {
				lw_fail(log,
					log->options.on_full == LW_FULL_STOP ?
						LW_STOPPED : LW_FULL, -ENOSPC);
				if (log->state == LW_STOPPED)
					lw_kick(log);
				continue;
			}
		} else if (lw_memory_fits(log, io)) {
			log->reserved += io->room;
			log->memory += io->memory;
			if (lw_in_flight(io))
				log->in_flight++;
			break;
		}
		lw_release_held(log);
		if (!lw_memory_fits(log, io))
			lw_power_shrink(log, io->memory);
		if (lw_room_fits(log, io) && lw_memory_fits(log, io))
			continue;
		log->waiters++;
		prepare_to_wait(&log->wait, &wait, TASK_UNINTERRUPTIBLE);
		spin_unlock_irq(&log->lock);
		lw_kick(log);
		io_schedule();
		finish_wait(&log->wait, &wait);
		spin_lock_irq(&log->lock);
		log->waiters--;
	}
	if (ret) {
		io->room = 0;
		io->memory = 0;
	}
	spin_unlock_irq(&log->lock);
	return ret;
}

/* Gives back what lw_admit() took, for an operation that did not happen. */
void lw_unadmit(struct lw_io *io)
{
	struct lw_log *log = io->log;

	spin_lock_irq(&log->lock);
	log->reserved -= io->room;
	io->room = 0;
	if (lw_in_flight(io))
		log->in_flight--;
	spin_unlock_irq(&log->lock);
	wake_up_all(&log->wait);
}

void lw_forget_memory(struct lw_log *log, u32 bytes)
{
	unsigned long flags;

	if (!bytes)
		return;
	spin_lock_irqsave(&log->lock, flags);
	log->memory -= bytes;
	spin_unlock_irqrestore(&log->lock, flags);
	if (wq_has_sleeper(&log->wait))
		wake_up_all(&log->wait);
}

/*
 * The operation is on its way to the device from here on. Returns what
 * lw_admit() would if the log has ended since.
 */
int lw_queue_submit(struct lw_io *io)
{
	struct lw_log *log = io->log;
	bool kick;
	int ret;

	spin_lock_irq(&log->lock);
	ret = lw_refusal(log);
	if (ret) {
		spin_unlock_irq(&log->lock);
		return ret;
	}
	io->submit_ns = ktime_get_ns();
	if (io->op == PC_OP_FLUSH)
		lw_power_flush(io);
	if (log->options.format == 2) {
		lw_enqueue(log, &io->submit, lw_has_data(io) ? io->bytes : 0);
	} else if (io->op == PC_OP_FLUSH) {
		list_splice_tail_init(&log->held, &io->stolen);
		log->held_waits = false;
		list_add_tail(&io->flying, &log->flying);
		log->flushes++;
	}
	kick = lw_wants_writing(log) ||
	       (io->op == PC_OP_FLUSH &&
		log->queued_bytes >= LW_KICK_BYTES / 4);
	spin_unlock_irq(&log->lock);
	if (kick)
		lw_kick(log);
	return 0;
}

static bool lw_overlaps(struct list_head *items, struct lw_io *io)
{
	struct lw_item *item;

	list_for_each_entry(item, items, list) {
		struct lw_io *other = container_of(item, struct lw_io, done);

		if (other->sector < io->sector + (io->bytes >> SECTOR_SHIFT) &&
		    io->sector < other->sector + (other->bytes >> SECTOR_SHIFT))
			return true;
	}
	return false;
}

/*
 * Format 1, the lock is held: may a FUA write go into the log at once? What it
 * overwrites must be there before it. What the oldest flush in flight covers
 * may come early. What completed since that flush may not, for in the log it
 * would seem to cover it: then the FUA write waits behind it.
 */
static bool lw_may_overtake(struct lw_log *log, struct lw_io *io)
{
	struct lw_io *flush;
	bool oldest = true;

	list_for_each_entry(flush, &log->flying, flying) {
		if (lw_overlaps(&flush->stolen, io)) {
			if (!oldest)
				return false;
			lw_enqueue_list(log, &flush->stolen);
		}
		oldest = false;
	}
	if (!lw_overlaps(&log->held, io))
		return true;
	lw_release_held(log);
	return list_empty(&log->held);
}

/* Is the submitter told only when the log has it? */
static bool lw_waits_for_log(struct lw_io *io)
{
	return !io->status && io->target->options.ack == LW_ACK_LOG &&
	       (io->op == PC_OP_FLUSH || (io->flags & PC_EVENT_FUA));
}

/* Format 1. The lock is held. True if the operation leaves no entry. */
static bool lw_done_format1(struct lw_log *log, struct lw_io *io)
{
	struct lw_io *flush;

	if (io->op == PC_OP_FLUSH) {
		log->flushes--;
		wake_up_all(&log->wait);
		if (io->status) {
			/* It covers nothing; the next one may. */
			list_splice_init(&io->stolen, &log->held);
			log->held_waits = io->target->options.ack ==
					  LW_ACK_LOG;
		} else {
			/*
			 * It covers what older flushes, still on their way,
			 * were to cover too.
			 */
			list_for_each_entry(flush, &log->flying, flying) {
				lw_enqueue_list(log, &flush->stolen);
				if (flush == io)
					break;
			}
			lw_enqueue(log, &io->done, 0);
		}
		list_del_init(&io->flying);
		if (log->held_waits)
			lw_release_held(log);
		return io->status;
	} else if (io->status) {
		/* Who knows what is on the medium; format 1 cannot say it. */
		return true;
	} else if ((io->flags & PC_EVENT_FUA) && lw_may_overtake(log, io)) {
		lw_enqueue(log, &io->done, lw_has_data(io) ? io->bytes : 0);
	} else {
		list_add_tail(&io->done.list, &log->held);
		log->held_waits |= lw_waits_for_log(io);
	}
	if (log->memory > log->memory_limit / 2)
		lw_release_held(log);
	return false;
}

/*
 * The device has done it, or failed. With "ack log" a flush or FUA write that
 * succeeded is completed when the log has it; all else at once, but after its
 * event has its number: what the submitter does next comes later in the log.
 */
void lw_queue_done(struct lw_io *io)
{
	struct lw_log *log = io->log;
	struct bio *orig = NULL;
	blk_status_t status = io->orig_status;
	bool gone = false;
	unsigned long flags;
	bool kick;

	spin_lock_irqsave(&log->lock, flags);
	io->done_ns = ktime_get_ns();
	log->in_flight--;
	if (io->status)
		log->errors++;
	lw_power_done(io);
	if (log->options.format == 2)
		lw_enqueue(log, &io->done, io->changed ? io->bytes : 0);
	else
		gone = lw_done_format1(log, io);
	if (gone) {
		log->reserved -= io->room;
		io->room = 0;
	}
	if (!lw_waits_for_log(io)) {
		orig = io->orig;
		io->orig = NULL;
	}
	kick = lw_wants_writing(log) || log->state == LW_STOPPED ||
	       log->waiters;
	if (!orig)
		lw_kick_near(log);
	else if (kick)
		lw_kick(log);
	spin_unlock_irqrestore(&log->lock, flags);

	if (gone) {
		u32 memory = lw_copy_put(io); /* the log's share of it */

		lw_forget_memory(log, memory + lw_io_release(io));
	}
	/* With its last operation completed, the log may go. */
	if (orig) {
		orig->bi_status = status;
		bio_endio(orig);
	}
}

/* A mark comes after every operation that completed before it; may sleep. */
int lw_queue_mark(struct lw_io *io)
{
	struct lw_log *log = io->log;
	int ret;

	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !log->flushes, log->lock);
	lw_release_held(log);
	ret = lw_refusal(log);
	if (!ret) {
		io->submit_ns = ktime_get_ns();
		lw_enqueue(log, &io->submit, io->bytes);
	}
	spin_unlock_irq(&log->lock);
	if (!ret)
		lw_kick(log);
	return ret;
}
