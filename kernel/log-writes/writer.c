// SPDX-License-Identifier: GPL-2.0-only
/*
 * Takes the queue and writes it to the log device: several pieces in flight,
 * each contiguous, its memory handed to the block layer as it is. What has
 * reached the log is released in order.
 */
#include <linux/slab.h>

#include "lw.h"

/* ---- What has been written -------------------------------------------- */

/* Returns what it gives back of the memory bound. */
static u32 lw_release_item(struct lw_log *log, struct lw_item *item, int error)
{
	u32 memory = 0;
	struct lw_io *io;
	blk_status_t status = BLK_STS_OK;

	if (item->type == PC_EVENT_COMPLETE) {
		io = container_of(item, struct lw_io, done);
		/* Format 1 has no item of the submission. */
		if (log->options.format == 1)
			memory = lw_copy_put(io);
		if (error && log->options.on_full == LW_FULL_ERROR)
			status = BLK_STS_IOERR;
		/* A flush: all that it covers is in the log. */
		lw_end_orig(io, status);
		return memory + lw_io_release(io);
	}
	io = container_of(item, struct lw_io, submit);
	memory = lw_copy_put(io);
	if (item->type == PC_EVENT_SUBMIT)
		return memory;
	if (io->waiter) {
		*io->waiter_error = error;
		complete(io->waiter);
	}
	return memory + lw_io_release(io);
}

static void lw_segment_release(struct lw_segment *segment)
{
	struct lw_log *log = segment->log;
	struct lw_item *item, *next;
	unsigned int i;
	u32 memory = 0;
	int error;

	error = READ_ONCE(log->state) == LW_FAILED ? -EIO : 0;
	list_for_each_entry_safe(item, next, &segment->items, list) {
		list_del_init(&item->list);
		memory += lw_release_item(log, item, error);
	}
	lw_forget_memory(log, memory);
	for (i = 0; i < segment->nr_pages; i++)
		mempool_free(segment->pages[i], log->pages);
	kfree(segment);
}

/*
 * Releases from the head of the list what is written; one caller at a time, so
 * that the items of an operation are released in their order. The lock is held,
 * and let go of meanwhile. Whoever finds another at it touches the log no more:
 * with its last segment released, the log may go.
 */
static void lw_release_written(struct lw_log *log, unsigned long flags)
{
	struct lw_segment *segment;
	bool super = false;

	if (log->releasing)
		return;
	log->releasing = true;
	while (!list_empty(&log->segments)) {
		segment = list_first_entry(&log->segments, struct lw_segment,
					   list);
		if (!segment->done)
			break;
		list_del(&segment->list);
		if (segment->status)
			lw_fail(log, LW_FAILED,
				blk_status_to_errno(segment->status));
		if (log->state != LW_FAILED) {
			log->written_seq = segment->end_seq;
			log->written_entries = segment->entries;
			log->written = segment->end;
			log->written_segment = segment->start;
			super |= segment->wants_super;
		}
		spin_unlock_irqrestore(&log->lock, flags);
		lw_segment_release(segment);
		spin_lock_irqsave(&log->lock, flags);
		log->nr_segments--;
	}
	log->releasing = false;
	if (super && log->options.format == 1)
		queue_delayed_work(log->wq, &log->tick, LW_TICK);
	else if (super)
		queue_work(log->helpers, &log->super_work);
	wake_up_all(&log->wait);
}

static void lw_segment_put(struct lw_segment *segment)
{
	struct lw_log *log = segment->log;
	unsigned long flags;

	if (!atomic_dec_and_test(&segment->bios))
		return;
	spin_lock_irqsave(&log->lock, flags);
	segment->done = true;
	lw_release_written(log, flags);
	spin_unlock_irqrestore(&log->lock, flags);
}

static void lw_segment_endio(struct bio *bio)
{
	struct lw_segment *segment = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(segment->status, bio->bi_status);
	bio_put(bio);
	lw_segment_put(segment);
}

/* ---- Writing ----------------------------------------------------------- */

struct lw_segment *lw_segment_alloc(struct lw_log *log, unsigned int nr_pages)
{
	struct lw_segment *segment;
	unsigned int i;

	segment = kzalloc(struct_size(segment, pages, nr_pages),
			  GFP_NOIO | __GFP_NOFAIL);
	INIT_LIST_HEAD(&segment->items);
	segment->log = log;
	segment->nr_pages = nr_pages;
	/* One of its own, until everything is submitted. */
	atomic_set(&segment->bios, 1);
	for (i = 0; i < nr_pages; i++) {
		segment->pages[i] = mempool_alloc(log->pages, GFP_NOIO);
		clear_page(page_address(segment->pages[i]));
	}
	return segment;
}

void lw_gather_begin(struct lw_gather *gather, struct lw_segment *segment,
		     u64 position, unsigned int vecs)
{
	gather->segment = segment;
	gather->bio = NULL;
	gather->position = position;
	gather->vecs_left = vecs;
}

static void lw_gather_flush(struct lw_gather *gather)
{
	if (!gather->bio)
		return;
	atomic_inc(&gather->segment->bios);
	submit_bio(gather->bio);
	gather->bio = NULL;
}

void lw_gather_page(struct lw_gather *gather, struct page *page,
		    unsigned int bytes, unsigned int offset)
{
	struct lw_log *log = gather->segment->log;

	if (gather->bio &&
	    bio_add_page(gather->bio, page, bytes, offset) != bytes)
		lw_gather_flush(gather);
	if (!gather->bio) {
		gather->bio = bio_alloc_bioset(log->bdev,
					       clamp(gather->vecs_left, 1U,
						     BIO_MAX_VECS),
					       REQ_OP_WRITE | REQ_SYNC |
						       REQ_IDLE,
					       GFP_NOIO, &log->bios);
		gather->bio->bi_iter.bi_sector =
			gather->position >> SECTOR_SHIFT;
		gather->bio->bi_private = gather->segment;
		gather->bio->bi_end_io = lw_segment_endio;
		if (bio_add_page(gather->bio, page, bytes, offset) != bytes)
			WARN_ON_ONCE(1);
	}
	gather->position += bytes;
	if (gather->vecs_left)
		gather->vecs_left--;
}

unsigned int lw_copy_vecs(struct bio *copy)
{
	return copy->bi_vcnt;
}

/* The copy, and zeros up to the log device's block. */
void lw_gather_copy(struct lw_gather *gather, struct bio *copy,
		    unsigned int bytes)
{
	unsigned int align = gather->segment->log->align;
	unsigned int i;

	for (i = 0; i < copy->bi_vcnt; i++) {
		struct bio_vec *bvec = &copy->bi_io_vec[i];

		lw_gather_page(gather, bvec->bv_page,
			       round_up(bvec->bv_len, align), bvec->bv_offset);
	}
}

void lw_segment_submit(struct lw_segment *segment, struct lw_gather *gather)
{
	lw_gather_flush(gather);
	lw_segment_put(segment);
}

/* The log has failed: nothing more is written. */
static void lw_drop_taken(struct lw_log *log)
{
	struct lw_item *item, *next;
	LIST_HEAD(dropped);

	/* What is still being written comes first. */
	wait_event(log->wait, !READ_ONCE(log->nr_segments));
	list_splice_init(&log->taken, &dropped);
	list_for_each_entry_safe(item, next, &dropped, list) {
		list_del_init(&item->list);
		lw_forget_memory(log, lw_release_item(log, item, -EIO));
	}
}

static bool lw_take(struct lw_log *log, bool *last)
{
	bool some;

	spin_lock_irq(&log->lock);
	list_splice_tail_init(&log->queue, &log->taken);
	log->queued_events = 0;
	log->queued_bytes = 0;
	some = !list_empty(&log->taken);
	log->writing = some;
	*last = !some && log->state == LW_STOPPED && !log->in_flight &&
		!log->stop_written && log->options.format == 2;
	if (*last)
		log->stop_written = true;
	spin_unlock_irq(&log->lock);
	return some;
}

static void lw_write_queue(struct lw_log *log)
{
	bool last;

	mutex_lock(&log->write_mutex);
	for (;;) {
		wait_event(log->wait,
			   READ_ONCE(log->nr_segments) < LW_MAX_SEGMENTS);
		if (!lw_take(log, &last))
			break;
		lw_super1_start(log);
		if (READ_ONCE(log->state) == LW_FAILED)
			lw_drop_taken(log);
		else
			log->write_segment(log);
	}
	if (last)
		lw_format2_last(log, PC_SEGMENT_STOPPED);
	mutex_unlock(&log->write_mutex);
	wake_up_all(&log->wait);
}

void lw_write_work(struct work_struct *work)
{
	lw_write_queue(container_of(work, struct lw_log, work));
}

void lw_near_work(struct work_struct *work)
{
	lw_write_queue(container_of(work, struct lw_log, near_work));
}

void lw_tick_work(struct work_struct *work)
{
	struct lw_log *log =
		container_of(to_delayed_work(work), struct lw_log, tick);

	lw_write_queue(log);
	lw_super1_start(log);
}
