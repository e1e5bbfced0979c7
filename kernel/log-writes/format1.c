// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries as upstream dm-log-writes writes them, see log_format.h. The room of
 * an entry is exact: what was set aside for it is what it takes.
 */
#include "lw.h"

static u64 lw_entry_flags(struct lw_io *io)
{
	u64 flags = 0;

	if (io->op == PC_OP_FLUSH)
		flags |= PC_LOG1_FLUSH;
	if (io->op == PC_OP_DISCARD)
		flags |= PC_LOG1_DISCARD;
	if (io->op == PC_OP_NONE)
		flags |= PC_LOG1_MARK;
	if (io->flags & PC_EVENT_FUA)
		flags |= PC_LOG1_FUA;
	if (io->flags & PC_EVENT_META)
		flags |= PC_LOG1_METADATA;
	return flags;
}

static struct lw_io *lw_item_io(struct lw_item *item)
{
	return item->type == PC_EVENT_COMPLETE ?
		       container_of(item, struct lw_io, done) :
		       container_of(item, struct lw_io, submit);
}

static void lw_entry_fill(struct lw_log *log, void *sector, struct lw_io *io)
{
	struct pc_log1_entry *entry = sector;
	unsigned int shift = ilog2(log->block);

	if (io->op == PC_OP_NONE) {
		entry->data_len = cpu_to_le64(io->bytes);
		memcpy(entry + 1, io->text, io->bytes);
	} else {
		entry->sector = cpu_to_le64((u64)io->sector >>
					    (shift - SECTOR_SHIFT));
		entry->nr_sectors = cpu_to_le64(io->bytes >> shift);
	}
	entry->flags = cpu_to_le64(lw_entry_flags(io));
}

void lw_format1_write(struct lw_log *log)
{
	unsigned int per_page = PAGE_SIZE / log->block;
	unsigned int limit = per_page * (LW_HEAD_PAGES - 1);
	unsigned int entries = 0, vecs = 0;
	struct lw_segment *segment;
	struct lw_gather gather;
	struct lw_item *item, *last = NULL;
	u64 data = 0, room = 0, start;
	LIST_HEAD(items);

	list_for_each_entry(item, &log->taken, list) {
		struct lw_io *io = lw_item_io(item);

		entries++;
		vecs++;
		room += io->room;
		if (lw_has_data(io)) {
			data += io->bytes;
			vecs += lw_copy_vecs(io->copy);
		}
		last = item;
		if (entries >= limit || data >= LW_SEGMENT_BYTES)
			break;
	}
	segment = lw_segment_alloc(log, DIV_ROUND_UP(entries, per_page));
	list_cut_position(&segment->items, &log->taken, &last->list);
	segment->end_seq = last->seq + 1;

	spin_lock_irq(&log->lock);
	start = log->position;
	log->position += room;
	log->reserved -= room;
	log->logged_entries += entries;
	segment->entries = log->logged_entries;
	segment->start = start;
	segment->end = log->position;
	log->nr_segments++;
	list_add_tail(&segment->list, &log->segments);
	spin_unlock_irq(&log->lock);

	lw_gather_begin(&gather, segment, start, vecs);
	entries = 0;
	list_for_each_entry(item, &segment->items, list) {
		struct lw_io *io = lw_item_io(item);
		struct page *page = segment->pages[entries / per_page];
		unsigned int offset = entries % per_page * log->block;

		lw_entry_fill(log, page_address(page) + offset, io);
		if (io->op == PC_OP_FLUSH || io->op == PC_OP_NONE ||
		    (io->flags & PC_EVENT_FUA))
			segment->wants_super = true;
		lw_gather_page(&gather, page, log->block, offset);
		if (lw_has_data(io))
			lw_gather_copy(&gather, io->copy, io->bytes);
		entries++;
	}
	lw_segment_submit(segment, &gather);
}
