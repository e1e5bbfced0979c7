// SPDX-License-Identifier: GPL-2.0-only
/*
 * One operation: from the submitter to the device and back.
 *
 * In bounce mode the data is copied once, and the copy goes to the device and
 * to the log: whoever changes the page meanwhile changes neither. In observe
 * mode the submitter's own pages go to the device; they are compared with the
 * copy when the write has completed.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "lw.h"

/* We may sleep, complete by interrupt, and pass on no integrity payload. */
#define LW_NOT_PASSED_ON (REQ_NOWAIT | REQ_POLLED | REQ_INTEGRITY)

/* ---- Copies ------------------------------------------------------------ */

/*
 * A copy is a bio with memory of its own: one piece of kmalloc for what fits
 * in half a page, whole pages otherwise. Its memory is a multiple of the log
 * device's block, zero behind the data.
 */
static bool lw_copy_is_small(unsigned int allocated)
{
	return allocated <= PAGE_SIZE / 2;
}

static unsigned int lw_copy_allocated(struct lw_log *log, unsigned int bytes)
{
	unsigned int allocated = round_up(bytes, log->align);

	return lw_copy_is_small(allocated) ? roundup_pow_of_two(allocated) :
					     round_up(allocated, PAGE_SIZE);
}

/* What a copy of so many bytes counts against the bound. */
u32 lw_copy_memory(struct lw_log *log, unsigned int bytes)
{
	return lw_copy_allocated(log, bytes);
}

static void lw_copy_add(struct bio *copy, struct page *page, unsigned int bytes,
			unsigned int offset)
{
	/* Never merged: each page is given back by its own vector. */
	struct bio_vec *bvec = &copy->bi_io_vec[copy->bi_vcnt++];

	bvec->bv_page = page;
	bvec->bv_len = bytes;
	bvec->bv_offset = offset;
	copy->bi_iter.bi_size += bytes;
}

/*
 * The largest piece that is not more than what is missing: few pieces make few
 * segments, and requests that need not be split.
 */
static struct page *lw_copy_page(unsigned int bytes, unsigned int *order)
{
	struct page *page;

	*order = min_t(unsigned int, ilog2(max_t(unsigned int, bytes,
						 PAGE_SIZE)) - PAGE_SHIFT,
		       LW_COPY_ORDER);
	for (; *order; --*order) {
		page = alloc_pages((GFP_NOIO & ~__GFP_RECLAIM) | __GFP_COMP |
				   __GFP_NOWARN | __GFP_NOMEMALLOC, *order);
		if (page)
			return page;
	}
	return alloc_page(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN |
			  __GFP_NOMEMALLOC);
}

static int lw_copy_fill(struct lw_log *log, struct bio *copy,
			unsigned int bytes, bool reserve)
{
	while (bytes) {
		unsigned int order = 0;
		unsigned int length;
		struct page *page;

		if (reserve)
			page = mempool_alloc(log->copy_pages, GFP_NOIO);
		else
			page = lw_copy_page(bytes, &order);
		if (!page)
			return -ENOMEM;
		length = min_t(unsigned int, bytes, PAGE_SIZE << order);
		if (length % PAGE_SIZE)
			memset(page_address(page) + length, 0,
			       PAGE_SIZE - length % PAGE_SIZE);
		lw_copy_add(copy, page, length, 0);
		bytes -= length;
	}
	return 0;
}

/* Sleeps until there is memory; never fails. At most LW_MAX_IO_BYTES. */
struct bio *lw_copy_alloc(struct lw_log *log, struct block_device *bdev,
			  blk_opf_t opf, unsigned int bytes)
{
	unsigned int allocated = lw_copy_allocated(log, bytes);
	unsigned int pages = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct bio *copy;
	void *small;

	copy = bio_alloc_bioset(bdev, pages, opf, GFP_NOIO, &log->bios);
	if (lw_copy_is_small(allocated)) {
		small = kmalloc(allocated, GFP_NOIO | __GFP_NORETRY |
						   __GFP_NOWARN);
		if (small) {
			memset(small + bytes, 0, allocated - bytes);
			lw_copy_add(copy, virt_to_page(small), bytes,
				    offset_in_page(small));
			return copy;
		}
	} else if (!lw_copy_fill(log, copy, bytes, false)) {
		return copy;
	}
	/*
	 * The system has none: take what is set aside for this. One at a time,
	 * so that two cannot wait for each other's half.
	 */
	lw_copy_free(log, copy);
	mutex_lock(&log->copy_mutex);
	copy = bio_alloc_bioset(bdev, pages, opf, GFP_NOIO, &log->bios);
	lw_copy_fill(log, copy, bytes, true);
	mutex_unlock(&log->copy_mutex);
	return copy;
}

void lw_copy_free(struct lw_log *log, struct bio *copy)
{
	unsigned int i;

	for (i = 0; i < copy->bi_vcnt; i++) {
		struct bio_vec *bvec = &copy->bi_io_vec[i];

		if (PageSlab(bvec->bv_page))
			kfree(page_address(bvec->bv_page) + bvec->bv_offset);
		else if (PageCompound(bvec->bv_page))
			__free_pages(bvec->bv_page,
				     compound_order(bvec->bv_page));
		else
			mempool_free(bvec->bv_page, log->copy_pages);
	}
	bio_put(copy);
}

/*
 * The device or the log is done with it. Returns what it gives back of the
 * memory bound, for lw_forget_memory().
 */
u32 lw_copy_put(struct lw_io *io)
{
	struct lw_log *log = io->log;
	struct bio *copy = io->copy;
	u32 memory;

	if (!copy || !atomic_dec_and_test(&io->copy_users))
		return 0;
	io->copy = NULL;
	lw_copy_free(log, copy);
	memory = lw_copy_memory(log, io->bytes);
	io->memory -= memory;
	return memory;
}

/* ---- Operations -------------------------------------------------------- */

struct lw_io *lw_io_alloc(struct lw_log *log, struct lw_target *target)
{
	struct lw_io *io = mempool_alloc(log->ios, GFP_NOIO);

	memset(io, 0, sizeof(*io));
	io->log = log;
	io->target = target;
	io->device = target ? target->device : 0;
	INIT_LIST_HEAD(&io->submit.list);
	INIT_LIST_HEAD(&io->done.list);
	INIT_LIST_HEAD(&io->stolen);
	INIT_LIST_HEAD(&io->flying);
	io->submit.type = PC_EVENT_SUBMIT;
	io->done.type = PC_EVENT_COMPLETE;
	return io;
}

/*
 * Its last item is in the log, or will never be. Returns what it gives back of
 * the memory bound, for lw_forget_memory().
 */
u32 lw_io_release(struct lw_io *io)
{
	struct lw_log *log = io->log;
	u32 memory = io->memory;

	if (io->changed)
		lw_copy_free(log, io->changed);
	mempool_free(io, log->ios);
	return memory;
}

void lw_end_orig(struct lw_io *io, blk_status_t status)
{
	struct bio *orig = io->orig;

	io->orig = NULL;
	if (!orig)
		return;
	orig->bi_status = status;
	bio_endio(orig);
}

static bool lw_data_changed(struct lw_io *io)
{
	struct bvec_iter left = io->orig->bi_iter;
	struct bvec_iter right = io->copy->bi_iter;
	bool changed = false;

	left.bi_size = io->bytes;
	right.bi_idx = 0;
	right.bi_bvec_done = 0;
	right.bi_size = io->bytes;
	while (left.bi_size && !changed) {
		struct bio_vec a = bio_iter_iovec(io->orig, left);
		struct bio_vec b = bio_iter_iovec(io->copy, right);
		unsigned int length = min(a.bv_len, b.bv_len);
		void *pa = bvec_kmap_local(&a);
		void *pb = bvec_kmap_local(&b);

		changed = memcmp(pa, pb, length);
		kunmap_local(pb);
		kunmap_local(pa);
		bio_advance_iter_single(io->orig, &left, length);
		bio_advance_iter_single(io->copy, &right, length);
	}
	return changed;
}

static void lw_io_done(struct lw_io *io, blk_status_t status)
{
	io->orig_status = status;
	io->status = -blk_status_to_errno(status);
	lw_queue_done(io);
}

/* Observe: has somebody changed the data while it was written? */
static void lw_compare_work(struct work_struct *work)
{
	struct lw_io *io = container_of(work, struct lw_io, work);
	struct lw_log *log = io->log;

	if (lw_data_changed(io)) {
		unsigned long flags;

		io->changed = lw_copy_alloc(log, log->bdev, REQ_OP_WRITE,
					    io->bytes);
		bio_copy_data(io->changed, io->orig);
		io->flags |= PC_EVENT_UNSTABLE;
		spin_lock_irqsave(&log->lock, flags);
		log->unstable++;
		spin_unlock_irqrestore(&log->lock, flags);
	}
	lw_forget_memory(log, lw_copy_put(io));
	lw_io_done(io, BLK_STS_OK);
}

static void lw_endio(struct bio *sent)
{
	struct lw_io *io = sent->bi_private;
	struct lw_log *log = io->log;
	blk_status_t status = sent->bi_status;

	if (sent != io->copy) {
		bio_put(sent);
		if (io->copy && status == BLK_STS_OK) {
			queue_work(log->helpers, &io->work);
			return;
		}
	}
	lw_forget_memory(log, lw_copy_put(io));
	lw_io_done(io, status);
}

void lw_prepare(struct lw_io *io, struct bio *bio)
{
	io->orig = bio;
	io->sector = bio->bi_iter.bi_sector;
	io->bytes = bio->bi_iter.bi_size;
	io->pid = task_pid_nr(current);
	memcpy(io->comm, current->comm, min(sizeof(io->comm),
					    sizeof(current->comm)));
	io->comm[sizeof(io->comm) - 1] = 0;
	if (bio->bi_opf & REQ_FUA)
		io->flags |= PC_EVENT_FUA;
	if (bio->bi_opf & REQ_META)
		io->flags |= PC_EVENT_META;
	if (bio->bi_opf & REQ_SYNC)
		io->flags |= PC_EVENT_SYNC;

	switch (bio_op(bio)) {
	case REQ_OP_READ:
		io->op = PC_OP_READ;
		io->submit.type = PC_EVENT_READ;
		io->flags = 0;
		break;
	case REQ_OP_DISCARD:
		io->op = PC_OP_DISCARD;
		break;
	case REQ_OP_SECURE_ERASE:
		io->op = PC_OP_DISCARD;
		io->flags |= PC_EVENT_SECURE;
		break;
	case REQ_OP_WRITE_ZEROES:
		io->op = PC_OP_WRITE_ZEROES;
		if (bio->bi_opf & REQ_NOUNMAP)
			io->flags |= PC_EVENT_NOUNMAP;
		break;
	default: /* a write or an empty flush: see lw_map() */
		io->op = io->bytes ? PC_OP_WRITE : PC_OP_FLUSH;
		break;
	}
}

static struct bio *lw_bio_for_device(struct lw_io *io)
{
	struct lw_log *log = io->log;
	struct bio *bio = io->orig;
	struct block_device *bdev = io->target->dev->bdev;
	blk_opf_t opf = bio->bi_opf & ~LW_NOT_PASSED_ON;
	struct bio *sent;

	if (!lw_has_data(io)) {
		sent = bio_alloc_bioset(bdev, 0, opf, GFP_NOIO, &log->bios);
		sent->bi_iter.bi_size = io->bytes;
	} else if (io->target->options.mode == LW_OBSERVE && !io->own) {
		sent = bio_alloc_clone(bdev, bio, GFP_NOIO, &log->bios);
		sent->bi_opf = opf;
	} else {
		sent = io->copy;
	}
	sent->bi_iter.bi_sector = io->sector;
	sent->bi_ioprio = bio->bi_ioprio;
	bio_clone_blkg_association(sent, bio);
	sent->bi_private = io;
	sent->bi_end_io = lw_endio;
	return sent;
}

static int lw_map_read(struct lw_target *target, struct bio *bio)
{
	struct lw_log *log = target->log;
	struct lw_io *io;

	if (target->options.log_reads &&
	    READ_ONCE(log->state) == LW_LOGGING) {
		io = lw_io_alloc(log, target);
		lw_prepare(io, bio);
		io->orig = NULL;
		/* A full log stops no reads: they go unlogged. */
		if (lw_admit(io)) {
			lw_io_release(io);
		} else if (lw_queue_submit(io)) {
			lw_unadmit(io);
			lw_forget_memory(log, lw_io_release(io));
		}
	}
	bio_set_dev(bio, target->dev->bdev);
	return DM_MAPIO_REMAPPED;
}

/* Not recorded: the log ended, and its policy says stop. */
static void lw_pass(struct lw_io *io)
{
	struct lw_log *log = io->log;
	struct bio *bio = io->orig;

	bio_set_dev(bio, io->target->dev->bdev);
	io->orig = NULL;
	lw_forget_memory(log, lw_io_release(io));
	dm_submit_bio_remap(bio, NULL);
}

/* It does not happen, or not recorded, as lw_admit() says. */
static void lw_refuse(struct lw_io *io, int why)
{
	struct lw_log *log = io->log;
	struct bio *bio = io->orig;

	lw_power_abort(io);
	if (why > 0 && !io->own) {
		lw_pass(io);
		return;
	}
	lw_forget_memory(log, lw_io_release(io));
	bio->bi_status = errno_to_blk_status(why > 0 ? -EIO : why);
	bio_endio(bio);
}

/* Sends it to the device; it is an event from here on. */
void lw_go(struct lw_io *io)
{
	struct lw_log *log = io->log;
	int ret = lw_queue_submit(io);

	if (ret) {
		/* The log ended since it was admitted. */
		if (io->sent != io->copy)
			bio_put(io->sent);
		if (io->copy)
			lw_copy_free(log, io->copy);
		io->copy = NULL;
		lw_unadmit(io);
		lw_refuse(io, ret);
		return;
	}
	INIT_WORK(&io->work, lw_compare_work);
	if (io->own)
		submit_bio_noacct(io->sent);
	else
		dm_submit_bio_remap(io->orig, io->sent);
}

/* Everything up to the device. Nonzero: it ended here, and was told so. */
int lw_start(struct lw_io *io, struct bio *content)
{
	struct lw_log *log = io->log;
	int ret = lw_admit(io);

	if (ret) {
		lw_refuse(io, ret);
		return ret;
	}
	if (lw_has_data(io)) {
		io->copy = lw_copy_alloc(log, io->target->dev->bdev,
					 io->orig->bi_opf & ~LW_NOT_PASSED_ON,
					 io->bytes);
		atomic_set(&io->copy_users, 2);
		bio_copy_data(io->copy, content);
	}
	io->sent = lw_bio_for_device(io);
	if (!io->powered || !lw_power_before(io))
		lw_go(io);
	return 0;
}

int lw_map(struct dm_target *ti, struct bio *bio)
{
	struct lw_target *target = ti->private;
	struct lw_io *io;
	int ret;

	switch (bio_op(bio)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
	case REQ_OP_FLUSH:
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
	case REQ_OP_WRITE_ZEROES:
		break;
	default: /* of zones, or to come: not to be logged as another */
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
		return DM_MAPIO_SUBMITTED;
	}
	if (unlikely(target->domain) && lw_power_map(target, bio, &ret))
		return ret;
	if (bio_op(bio) == REQ_OP_READ)
		return lw_map_read(target, bio);

	io = lw_io_alloc(target->log, target);
	io->powered = target->domain;
	lw_prepare(io, bio);
	lw_start(io, bio);
	return DM_MAPIO_SUBMITTED;
}
