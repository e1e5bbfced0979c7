// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments of events and data, see log_format.h.
 *
 * The data is summed by XXH64, which is fast on any machine. CRC32C is only
 * where the processor has an instruction for it, and an emulated processor,
 * where this runs most, takes fifty times as long.
 */
#include <linux/crc32c.h>
#include <linux/xxhash.h>

#include "lw.h"

/* What a segment is made of, while it is chosen and filled. */
struct lw_fill {
	struct lw_segment *segment;
	unsigned int events;
	unsigned int vecs;
	u64 data; /* bytes, each piece padded to the log device's block */
	u64 room;
	struct xxh64_state data_sum;
	u64 flushes;
	u64 marks;
};

static u32 lw_crc(u32 crc, const void *data, unsigned int bytes)
{
	return ~crc32c(~crc, data, bytes);
}

static struct lw_io *lw_item_io(struct lw_item *item)
{
	return item->type == PC_EVENT_COMPLETE ?
		       container_of(item, struct lw_io, done) :
		       container_of(item, struct lw_io, submit);
}

/* The data that goes with an item, or NULL. */
static struct bio *lw_item_data(struct lw_item *item)
{
	struct lw_io *io = lw_item_io(item);

	return item->type == PC_EVENT_COMPLETE ? io->changed : io->copy;
}

/* What lw_admit() set aside for it; a completion takes the rest. */
static u64 lw_item_take_room(struct lw_log *log, struct lw_item *item)
{
	struct lw_io *io = lw_item_io(item);
	u64 room = io->room;

	if (item->type == PC_EVENT_SUBMIT) {
		room = log->block;
		if (lw_has_data(io))
			room += round_up(io->bytes, log->block);
	}
	io->room -= room;
	return room;
}

static struct lw_item *lw_choose(struct lw_log *log, struct lw_fill *fill)
{
	struct lw_item *item, *last = NULL;

	list_for_each_entry(item, &log->taken, list) {
		struct bio *data = lw_item_data(item);

		fill->events++;
		fill->room += lw_item_take_room(log, item);
		if (data) {
			fill->data += round_up(lw_item_io(item)->bytes,
					       log->align);
			fill->vecs += lw_copy_vecs(data);
		}
		last = item;
		if (fill->events >= LW_SEGMENT_EVENTS ||
		    fill->data >= LW_SEGMENT_BYTES)
			break;
	}
	return last;
}

static void lw_sum_copy(struct lw_log *log, struct xxh64_state *sum,
			struct bio *copy)
{
	unsigned int i;

	for (i = 0; i < copy->bi_vcnt; i++) {
		struct bio_vec *bvec = &copy->bi_io_vec[i];

		xxh64_update(sum, page_address(bvec->bv_page) + bvec->bv_offset,
			     round_up(bvec->bv_len, log->align));
	}
}

static void lw_event_fill(struct lw_fill *fill, struct pc_event *event,
			  struct lw_item *item, u64 *offset)
{
	struct lw_io *io = lw_item_io(item);
	struct lw_log *log = io->log;
	struct bio *data = lw_item_data(item);
	u32 flags = io->flags;

	if (item->type != PC_EVENT_COMPLETE)
		flags &= ~PC_EVENT_UNSTABLE;
	event->type = io->op == PC_OP_NONE ? PC_EVENT_MARK : item->type;
	event->op = io->op;
	event->device = cpu_to_le16(io->device);
	event->flags = cpu_to_le32(flags);
	event->offset_bytes = cpu_to_le64((u64)io->sector << SECTOR_SHIFT);
	event->length_bytes = cpu_to_le64(io->bytes);
	event->pid = cpu_to_le32(io->pid);
	if (item->type == PC_EVENT_COMPLETE) {
		event->time_ns = cpu_to_le64(io->done_ns);
		event->status = cpu_to_le32(io->status);
		event->u.done.ref_seq = cpu_to_le64(io->submit.seq);
		fill->flushes += io->op == PC_OP_FLUSH;
	} else {
		event->time_ns = cpu_to_le64(io->submit_ns);
		memcpy(event->u.comm, io->comm, sizeof(event->u.comm));
		fill->marks += io->op == PC_OP_NONE;
	}
	if (data) {
		event->data_offset = cpu_to_le64(*offset);
		*offset += round_up(io->bytes, log->align);
		lw_sum_copy(log, &fill->data_sum, data);
	}
}

static void lw_events_fill(struct lw_fill *fill)
{
	u64 offset = 0;
	unsigned int at = sizeof(struct pc_segment);
	struct lw_item *item;

	xxh64_reset(&fill->data_sum, 0);

	list_for_each_entry(item, &fill->segment->items, list) {
		void *page = page_address(fill->segment->pages[at / PAGE_SIZE]);

		lw_event_fill(fill, page + at % PAGE_SIZE, item, &offset);
		at += sizeof(struct pc_event);
	}
}

static u32 lw_crc_head(struct lw_segment *segment, unsigned int bytes)
{
	u32 crc = 0;
	unsigned int i;

	for (i = 0; bytes; i++) {
		unsigned int length = min_t(unsigned int, bytes, PAGE_SIZE);

		crc = lw_crc(crc, page_address(segment->pages[i]), length);
		bytes -= length;
	}
	return crc;
}

static void lw_header_fill(struct lw_log *log, struct lw_fill *fill, u64 offset,
			   u32 flags)
{
	struct pc_segment *header = page_address(fill->segment->pages[0]);
	u64 sum = xxh64_digest(&fill->data_sum);
	u32 crc;

	header->magic = cpu_to_le64(PC_SEGMENT_MAGIC);
	header->flags = cpu_to_le32(flags | PC_SEGMENT_XXH64);
	memcpy(header->uuid, log->uuid, sizeof(header->uuid));
	header->index = cpu_to_le64(log->index);
	header->offset = cpu_to_le64(offset);
	header->prev_offset = cpu_to_le64(log->last_offset);
	header->prev_crc = cpu_to_le32(log->last_crc);
	header->event_count = cpu_to_le32(fill->events);
	header->first_seq = cpu_to_le64(log->first_seq);
	header->first_flush = cpu_to_le64(log->flush_count);
	header->first_mark = cpu_to_le64(log->mark_count);
	header->data_bytes = cpu_to_le64(fill->data);
	header->data_sum = cpu_to_le32(lower_32_bits(sum));
	header->data_sum_high = cpu_to_le32(upper_32_bits(sum));
	header->time_ns = cpu_to_le64(ktime_get_real_ns());
	crc = lw_crc_head(fill->segment,
			  sizeof(*header) +
				  fill->events * sizeof(struct pc_event));
	header->crc = cpu_to_le32(crc);

	log->last_crc = crc;
	log->last_offset = offset;
	log->index++;
	log->first_seq += fill->events;
	log->flush_count += fill->flushes;
	log->mark_count += fill->marks;
}

static unsigned int lw_head_bytes(struct lw_log *log, unsigned int events)
{
	return round_up(sizeof(struct pc_segment) +
				events * sizeof(struct pc_event),
			log->block);
}

/* Blocks are whole pages: see lw_log_new(). */
static void lw_segment_write(struct lw_log *log, struct lw_fill *fill,
			     u32 flags)
{
	struct lw_segment *segment = fill->segment;
	u64 padded = round_up(fill->data, log->block);
	u64 total = segment->nr_pages * PAGE_SIZE + padded;
	struct lw_gather gather;
	struct lw_item *item;
	unsigned int i;
	u64 start;

	spin_lock_irq(&log->lock);
	start = log->position;
	log->position += total;
	log->reserved -= fill->room;
	log->logged_entries += fill->events;
	segment->entries = log->logged_entries;
	segment->start = start;
	segment->end = log->position;
	log->nr_segments++;
	list_add_tail(&segment->list, &log->segments);
	spin_unlock_irq(&log->lock);

	lw_events_fill(fill);
	lw_header_fill(log, fill, start, flags);
	segment->end_seq = log->first_seq;
	segment->wants_super = start - log->super_position >= LW_SUPER_EVERY;

	lw_gather_begin(&gather, segment, start,
			segment->nr_pages + fill->vecs + 1);
	for (i = 0; i < segment->nr_pages; i++)
		lw_gather_page(&gather, segment->pages[i], PAGE_SIZE, 0);
	list_for_each_entry(item, &segment->items, list) {
		struct bio *data = lw_item_data(item);

		if (data)
			lw_gather_copy(&gather, data, lw_item_io(item)->bytes);
	}
	if (padded != fill->data)
		lw_gather_page(&gather, ZERO_PAGE(0), padded - fill->data, 0);
	lw_segment_submit(segment, &gather);
}

void lw_format2_write(struct lw_log *log)
{
	struct lw_fill fill = {};
	struct lw_item *last = lw_choose(log, &fill);

	fill.segment = lw_segment_alloc(log, lw_head_bytes(log, fill.events) /
						     PAGE_SIZE);
	list_cut_position(&fill.segment->items, &log->taken, &last->list);
	lw_segment_write(log, &fill, 0);
}

/* How the log ends: nothing comes after it. One block was kept for it. */
void lw_format2_last(struct lw_log *log, u32 flags)
{
	struct lw_fill fill = {};

	fill.segment = lw_segment_alloc(log,
					lw_head_bytes(log, 0) / PAGE_SIZE);
	lw_segment_write(log, &fill, flags);
}
