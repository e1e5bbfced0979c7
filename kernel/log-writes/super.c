// SPDX-License-Identifier: GPL-2.0-only
/*
 * The superblock. In format 1 it counts the entries that a reader may trust: it
 * is written after them, whenever a flush, FUA write or mark is among them. In
 * format 2 it holds the device table; the two slots are written in turn.
 */
#include <linux/crc32c.h>
#include <linux/random.h>

#include "lw.h"

static int lw_write_page(struct lw_log *log, struct page *page, u64 position,
			 unsigned int bytes, blk_opf_t opf)
{
	struct bio *bio;
	int ret;

	bio = bio_alloc_bioset(log->bdev, 1, REQ_OP_WRITE | REQ_SYNC | opf,
			       GFP_NOIO, &log->bios);
	bio->bi_iter.bi_sector = position >> SECTOR_SHIFT;
	__bio_add_page(bio, page, bytes, 0);
	ret = submit_bio_wait(bio);
	bio_put(bio);
	return ret;
}

/* The lock is held; fills super_page, which belongs to the caller from here. */
static void lw_super1_fill(struct lw_log *log)
{
	struct pc_log1_super *super = page_address(log->super_page);

	log->super_in_flight = true;
	log->super_entries = log->written_entries;
	clear_page(super);
	super->magic = cpu_to_le64(PC_LOG1_MAGIC);
	super->version = cpu_to_le64(PC_LOG1_VERSION);
	super->sectorsize = cpu_to_le32(log->block);
	super->nr_entries = cpu_to_le64(log->written_entries);
}

static void lw_super1_done(struct lw_log *log, int error)
{
	unsigned long flags;

	spin_lock_irqsave(&log->lock, flags);
	log->super_in_flight = false;
	if (error)
		lw_fail(log, LW_FAILED, error);
	wake_up_all(&log->wait);
	spin_unlock_irqrestore(&log->lock, flags);
}

static int lw_super1_write(struct lw_log *log)
{
	int ret;

	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !log->super_in_flight, log->lock);
	lw_super1_fill(log);
	spin_unlock_irq(&log->lock);
	ret = lw_write_page(log, log->super_page, 0, log->block, 0);
	lw_super1_done(log, ret);
	return ret;
}

static void lw_super1_endio(struct bio *bio)
{
	struct lw_log *log = bio->bi_private;
	int error = blk_status_to_errno(bio->bi_status);

	bio_put(bio);
	lw_super1_done(log, error);
}

/*
 * Format 1: sets out to write the count of what is in the log, if it grew and
 * none is on its way. The writer calls it when it writes more, and a tick after
 * it has written: so the count is behind by one flush at most.
 */
void lw_super1_start(struct lw_log *log)
{
	struct bio *bio;

	if (log->options.format != 1)
		return;
	spin_lock_irq(&log->lock);
	if (log->super_in_flight || log->state == LW_FAILED ||
	    log->super_entries == log->written_entries) {
		spin_unlock_irq(&log->lock);
		return;
	}
	lw_super1_fill(log);
	spin_unlock_irq(&log->lock);
	bio = bio_alloc_bioset(log->bdev, 1, REQ_OP_WRITE | REQ_SYNC, GFP_NOIO,
			       &log->bios);
	bio->bi_iter.bi_sector = 0;
	bio->bi_private = log;
	bio->bi_end_io = lw_super1_endio;
	__bio_add_page(bio, log->super_page, log->block, 0);
	submit_bio(bio);
}

static int lw_super2_write(struct lw_log *log, bool clean)
{
	struct pc_log2_super *super = page_address(log->super_page);
	unsigned int i;

	clear_page(super);
	super->magic = cpu_to_le64(PC_LOG2_MAGIC);
	super->version = cpu_to_le32(PC_LOG2_VERSION);
	super->generation = cpu_to_le64(++log->generation);
	memcpy(super->uuid, log->uuid, sizeof(super->uuid));
	super->log_bytes = cpu_to_le64(log->size);
	super->block_bytes = cpu_to_le32(log->block);
	super->device_count = cpu_to_le32(log->nr_devices);
	super->created_ns = cpu_to_le64(log->created_ns);
	super->flags = cpu_to_le32(clean ? PC_SUPER_CLEAN : 0);
	spin_lock_irq(&log->lock);
	super->tail_offset = cpu_to_le64(log->written_segment);
	super->tail_seq = cpu_to_le64(log->written_seq);
	log->super_position = log->written;
	spin_unlock_irq(&log->lock);
	for (i = 0; i < log->nr_devices; i++)
		super->devices[i] = log->devices[i].disk;
	super->crc = cpu_to_le32(~crc32c(~0, super, PC_SUPER_BYTES));
	return lw_write_page(log, log->super_page,
			     log->generation % PC_SUPER_SLOTS *
				     PC_SUPER_SLOT_BYTES,
			     PC_SUPER_BYTES, REQ_PREFLUSH | REQ_FUA);
}

/* The mutex is held. */
int lw_super_write(struct lw_log *log, bool clean)
{
	return log->options.format == 1 ? lw_super1_write(log) :
					  lw_super2_write(log, clean);
}

/* Begins a new log: what was on the log device is no longer one. */
int lw_super_begin(struct lw_log *log)
{
	unsigned int i;
	int ret;

	log->position = log->options.format == 1 ? log->block :
						   PC_FIRST_SEGMENT_OFFSET;
	log->written = log->position;
	log->super_position = log->position;
	if (log->options.format == 1)
		return lw_super1_write(log);

	get_random_bytes(log->uuid, sizeof(log->uuid));
	log->created_ns = ktime_get_real_ns();
	clear_page(page_address(log->super_page));
	for (i = 0; i < PC_SUPER_SLOTS; i++) {
		ret = lw_write_page(log, log->super_page,
				    (u64)i * PC_SUPER_SLOT_BYTES,
				    PC_SUPER_BYTES, 0);
		if (ret)
			return ret;
	}
	return 0;
}

void lw_super_work(struct work_struct *work)
{
	struct lw_log *log = container_of(work, struct lw_log, super_work);
	int ret;

	mutex_lock(&log->mutex);
	ret = lw_super_write(log, false);
	mutex_unlock(&log->mutex);
	if (ret) {
		spin_lock_irq(&log->lock);
		lw_fail(log, LW_FAILED, ret);
		spin_unlock_irq(&log->lock);
	}
}
