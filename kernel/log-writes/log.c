// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a log: found or made when a table is loaded, begun when a target
 * is first resumed, ended when the last table that names its device goes.
 */
#include <linux/slab.h>

#include "lw.h"

static LIST_HEAD(lw_logs);
static DEFINE_MUTEX(lw_logs_mutex);

/* ---- Finding and making ------------------------------------------------ */

static void lw_log_free(struct lw_log *log)
{
	if (log->wq)
		destroy_workqueue(log->wq);
	if (log->near)
		destroy_workqueue(log->near);
	if (log->helpers)
		destroy_workqueue(log->helpers);
	lw_domains_free(log);
	mempool_destroy(log->copy_pages);
	mempool_destroy(log->pages);
	mempool_destroy(log->ios);
	bioset_exit(&log->bios);
	if (log->super_page)
		__free_page(log->super_page);
	kfree(log->devices);
	kfree(log);
}

static int lw_log_reserve(struct lw_log *log)
{
	int ret;

	ret = bioset_init(&log->bios, 64, 0,
			  BIOSET_NEED_BVECS | BIOSET_NEED_RESCUER);
	if (ret)
		return ret;
	log->ios = mempool_create_kmalloc_pool(64, sizeof(struct lw_io));
	log->pages = mempool_create_page_pool(2 * LW_HEAD_PAGES, 0);
	log->copy_pages =
		mempool_create_page_pool(LW_MAX_IO_BYTES / PAGE_SIZE, 0);
	log->super_page = alloc_page(GFP_KERNEL);
	log->devices = kcalloc(PC_MAX_DEVICES, sizeof(*log->devices),
			       GFP_KERNEL);
	log->wq = alloc_ordered_workqueue("log-writes/%pg", WQ_MEM_RECLAIM,
					  log->bdev);
	log->near = alloc_workqueue("log-writes-near/%pg",
				    WQ_MEM_RECLAIM | WQ_HIGHPRI, 1, log->bdev);
	log->helpers = alloc_workqueue("log-writes-helpers/%pg",
				       WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				       log->bdev);
	if (!log->ios || !log->pages || !log->copy_pages || !log->super_page ||
	    !log->devices || !log->wq || !log->near ||
	    !log->helpers)
		return -ENOMEM;
	return 0;
}

static struct lw_log *lw_log_new(struct lw_target *target, char **error)
{
	struct lw_options *options = &target->options;
	struct block_device *bdev = target->log_dev->bdev;
	struct lw_log *log = kzalloc(sizeof(*log), GFP_KERNEL);
	int ret;

	if (!log) {
		*error = "no memory for the log";
		return ERR_PTR(-ENOMEM);
	}
	refcount_set(&log->users, 1);
	INIT_LIST_HEAD(&log->list);
	mutex_init(&log->mutex);
	mutex_init(&log->copy_mutex);
	mutex_init(&log->write_mutex);
	spin_lock_init(&log->lock);
	INIT_LIST_HEAD(&log->queue);
	INIT_LIST_HEAD(&log->held);
	INIT_LIST_HEAD(&log->flying);
	INIT_LIST_HEAD(&log->segments);
	INIT_LIST_HEAD(&log->taken);
	INIT_LIST_HEAD(&log->domains);
	init_waitqueue_head(&log->wait);
	INIT_WORK(&log->work, lw_write_work);
	INIT_WORK(&log->near_work, lw_near_work);
	INIT_DELAYED_WORK(&log->tick, lw_tick_work);
	INIT_WORK(&log->super_work, lw_super_work);
	log->bdev = bdev;
	log->options = *options;
	log->align = bdev_logical_block_size(bdev);
	log->size = bdev_nr_bytes(bdev);
	log->memory_limit = (u64)options->memory_mib << 20;
	log->write_segment = options->format == 1 ? lw_format1_write :
						    lw_format2_write;
	/* Format 1 counts in the data device's blocks; format 2 in pages. */
	log->block = options->format == 1 ?
			     bdev_logical_block_size(target->dev->bdev) :
			     PAGE_SIZE;
	log->size = round_down(log->size, log->block);

	ret = lw_log_reserve(log);
	if (ret) {
		*error = "no memory for the log";
		lw_log_free(log);
		return ERR_PTR(ret);
	}
	return log;
}

/* A log that is open already: may this target use it too? */
static int lw_log_join(struct lw_log *log, struct lw_target *target,
		       char **error)
{
	struct lw_options *mine = &log->options;
	struct lw_options *theirs = &target->options;
	struct lw_device *device;
	unsigned int i;

	if (mine->format != theirs->format ||
	    mine->on_full != theirs->on_full ||
	    mine->memory_mib != theirs->memory_mib) {
		*error = "log open with another format, on_full or memory";
		return -EINVAL;
	}
	for (i = 0; i < log->nr_devices; i++) {
		device = &log->devices[i];
		if (device->md == dm_table_get_md(target->ti->table) &&
		    device->dev == target->dev->bdev->bd_dev &&
		    le32_to_cpu(device->disk.domain) != theirs->domain) {
			*error = "a device cannot change its domain in a log";
			return -EINVAL;
		}
	}
	device = log->devices;
	if (mine->format == 1 && log->nr_devices &&
	    (device->md != dm_table_get_md(target->ti->table) ||
	     device->dev != target->dev->bdev->bd_dev)) {
		*error = "log device in use: format 1 holds one device";
		return -EBUSY;
	}
	return 0;
}

/* The log of target->log_dev, with one more user. */
struct lw_log *lw_log_get(struct lw_target *target, char **error)
{
	struct block_device *bdev = target->log_dev->bdev;
	struct lw_log *log;
	int ret;

	mutex_lock(&lw_logs_mutex);
	list_for_each_entry(log, &lw_logs, list) {
		if (log->bdev->bd_dev != bdev->bd_dev)
			continue;
		mutex_lock(&log->mutex);
		ret = lw_log_join(log, target, error);
		mutex_unlock(&log->mutex);
		if (ret)
			log = ERR_PTR(ret);
		else
			refcount_inc(&log->users);
		goto out;
	}
	log = lw_log_new(target, error);
	if (!IS_ERR(log))
		list_add(&log->list, &lw_logs);
out:
	mutex_unlock(&lw_logs_mutex);
	return log;
}

/* ---- Ending ------------------------------------------------------------ */

static bool lw_log_drained(struct lw_log *log)
{
	bool drained;

	spin_lock_irq(&log->lock);
	drained = list_empty(&log->queue) && !log->writing &&
		  !log->nr_segments && !log->releasing && !log->super_in_flight;
	spin_unlock_irq(&log->lock);
	return drained;
}

static void lw_log_drain(struct lw_log *log)
{
	spin_lock_irq(&log->lock);
	lw_release_held(log);
	spin_unlock_irq(&log->lock);
	lw_kick(log);
	wait_event(log->wait, lw_log_drained(log));
}

static void lw_log_end(struct lw_log *log)
{
	enum lw_state state;

	if (log->state == LW_IDLE)
		return;
	lw_log_drain(log);
	/* If the log was stopped, this writes its last segment. */
	flush_work(&log->work);
	wait_event(log->wait, lw_log_drained(log));
	state = log->state;
	if (log->options.format == 1) {
		/* Room was kept for it. */
		log->closing = true;
		if (state == LW_LOGGING || state == LW_FULL)
			lw_log_mark(log, "dm-log-writes-end");
		lw_log_drain(log);
	} else if (state == LW_LOGGING || state == LW_FULL) {
		lw_format2_last(log, PC_SEGMENT_END);
		wait_event(log->wait, lw_log_drained(log));
	}
	flush_work(&log->super_work);
	mutex_lock(&log->mutex);
	if (log->state != LW_FAILED) {
		lw_super_write(log, state == LW_LOGGING || state == LW_FULL);
		blkdev_issue_flush(log->bdev);
	}
	mutex_unlock(&log->mutex);
	if (log->state == LW_FAILED)
		DMERR("%pg: the log ends early: writing it gave error %d",
		      log->bdev, log->error);
}

void lw_log_put(struct lw_log *log)
{
	mutex_lock(&lw_logs_mutex);
	if (refcount_dec_and_test(&log->users)) {
		list_del(&log->list);
		lw_log_end(log);
		cancel_delayed_work_sync(&log->tick);
		cancel_work_sync(&log->work);
		cancel_work_sync(&log->near_work);
		cancel_work_sync(&log->super_work);
		wait_event(log->wait, lw_log_drained(log));
		lw_log_free(log);
	}
	mutex_unlock(&lw_logs_mutex);
}

/* ---- Devices ----------------------------------------------------------- */

static void lw_describe(struct lw_target *target, struct pc_device *disk)
{
	struct block_device *bdev = target->dev->bdev;
	u32 flags = 0;

	disk->size_bytes = cpu_to_le64(target->ti->len << SECTOR_SHIFT);
	disk->logical_block_bytes = cpu_to_le32(bdev_logical_block_size(bdev));
	disk->physical_block_bytes =
		cpu_to_le32(bdev_physical_block_size(bdev));
	disk->domain = cpu_to_le32(target->options.domain);
	disk->discard_granularity_bytes =
		cpu_to_le32(bdev_max_discard_sectors(bdev) ?
				    bdev_discard_granularity(bdev) : 0);
	if (bdev_write_cache(bdev))
		flags |= PC_DEVICE_WRITE_CACHE;
	if (bdev_fua(bdev))
		flags |= PC_DEVICE_FUA;
	if (bdev_max_discard_sectors(bdev))
		flags |= PC_DEVICE_DISCARD;
	if (bdev_write_zeroes_sectors(bdev))
		flags |= PC_DEVICE_WRITE_ZEROES;
	flags |= target->options.mode == LW_OBSERVE ? PC_DEVICE_OBSERVE :
						      PC_DEVICE_BOUNCE;
	if (target->options.log_reads)
		flags |= PC_DEVICE_LOGS_READS;
	disk->flags = cpu_to_le32(flags);
	strscpy(disk->name,
		target->options.name[0] ?
			target->options.name :
			dm_device_name(dm_table_get_md(target->ti->table)),
		sizeof(disk->name));
}

static int lw_find_device(struct lw_log *log, struct lw_target *target)
{
	unsigned int i;

	for (i = 0; i < log->nr_devices; i++) {
		struct lw_device *device = &log->devices[i];

		if (device->md == dm_table_get_md(target->ti->table) &&
		    device->dev == target->dev->bdev->bd_dev)
			return i;
	}
	return -1;
}

/* A device that takes part from now on, or again, after its table changed. */
static int lw_log_add_device(struct lw_log *log, struct lw_target *target)
{
	int index = lw_find_device(log, target);
	struct lw_device *device;
	struct pc_device disk = {};

	lw_describe(target, &disk);
	if (index >= 0) {
		device = &log->devices[index];
		disk.attach_seq = device->disk.attach_seq;
		if (memcmp(disk.name, device->disk.name, sizeof(disk.name)))
			memcpy(disk.name, device->disk.name, sizeof(disk.name));
		if (!memcmp(&disk, &device->disk, sizeof(disk)))
			goto known;
	} else {
		if (log->nr_devices ==
		    (log->options.format == 1 ? 1 : PC_MAX_DEVICES)) {
			DMERR("%pg: the log holds %u devices already",
			      log->bdev, log->nr_devices);
			return -ENOSPC;
		}
		index = log->nr_devices++;
		device = &log->devices[index];
		device->md = dm_table_get_md(target->ti->table);
		device->dev = target->dev->bdev->bd_dev;
		spin_lock_irq(&log->lock);
		disk.attach_seq = cpu_to_le64(log->next_seq);
		spin_unlock_irq(&log->lock);
	}
	device->disk = disk;
	if (log->options.format == 2) {
		int ret = lw_super_write(log, false);

		if (ret)
			return ret;
	}
known:
	target->device = index;
	return 0;
}

/* Before a target is resumed: begins the log, enters the device. May sleep. */
int lw_log_attach(struct lw_target *target)
{
	struct lw_log *log = target->log;
	int ret = 0;

	mutex_lock(&log->mutex);
	if (log->state == LW_IDLE) {
		ret = lw_super_begin(log);
		if (ret)
			DMERR("%pg: beginning the log failed with error %d",
			      log->bdev, ret);
	}
	if (!ret && target->device < 0) {
		ret = lw_log_add_device(log, target);
		if (!ret)
			ret = blkdev_issue_flush(log->bdev);
	}
	if (!ret) {
		spin_lock_irq(&log->lock);
		if (log->state == LW_IDLE)
			log->state = LW_LOGGING;
		spin_unlock_irq(&log->lock);
	}
	mutex_unlock(&log->mutex);
	return ret;
}

/* ---- Messages ---------------------------------------------------------- */

static int lw_log_result(struct lw_log *log)
{
	int ret = 0;

	spin_lock_irq(&log->lock);
	if (log->state == LW_FAILED)
		ret = -EIO;
	else if (log->state == LW_FULL || log->state == LW_STOPPED)
		ret = -ENOSPC;
	spin_unlock_irq(&log->lock);
	return ret;
}

static bool lw_log_written(struct lw_log *log, u64 seq)
{
	return READ_ONCE(log->written_seq) >= seq ||
	       READ_ONCE(log->state) == LW_FAILED;
}

/* All that has completed is durable in the log when this returns 0. */
int lw_log_sync(struct lw_log *log)
{
	u64 seq;
	int error = 0;
	int ret;

	spin_lock_irq(&log->lock);
	wait_event_lock_irq(log->wait, !log->flushes, log->lock);
	lw_release_held(log);
	seq = log->next_seq;
	spin_unlock_irq(&log->lock);
	lw_kick(log);
	wait_event(log->wait, lw_log_written(log, seq));
	ret = lw_log_result(log);
	if (ret && ret != -ENOSPC)
		return ret;
	/* What is in a full log is made durable too. */
	if (log->options.format == 1) {
		mutex_lock(&log->mutex);
		error = lw_super_write(log, false);
		mutex_unlock(&log->mutex);
	}
	error = error ?: blkdev_issue_flush(log->bdev);
	return error ?: ret;
}

int lw_log_mark(struct lw_log *log, const char *text)
{
	DECLARE_COMPLETION_ONSTACK(done);
	size_t bytes = strlen(text);
	size_t most = log->options.format == 1 ?
			      log->block - sizeof(struct pc_log1_entry) - 1 :
			      PC_MARK_MAX_BYTES;
	struct lw_io *io;
	int error = 0;
	int ret;

	if (!bytes || bytes > most) {
		DMERR("a mark has 1 to %zu bytes here, not %zu", most, bytes);
		return -EINVAL;
	}
	io = lw_io_alloc(log, NULL);
	io->op = PC_OP_NONE;
	io->submit.type = PC_EVENT_MARK;
	io->bytes = bytes;
	io->text = (char *)text;
	io->pid = task_pid_nr(current);
	ret = lw_admit(io);
	if (ret) {
		lw_forget_memory(log, lw_io_release(io));
		return ret > 0 ? -ENOSPC : ret;
	}
	io->copy = lw_copy_alloc(log, log->bdev, REQ_OP_WRITE, bytes);
	atomic_set(&io->copy_users, 1);
	memcpy(page_address(io->copy->bi_io_vec[0].bv_page) +
		       io->copy->bi_io_vec[0].bv_offset,
	       text, bytes);
	io->waiter = &done;
	io->waiter_error = &error;
	ret = lw_queue_mark(io);
	if (ret) {
		lw_forget_memory(log, lw_copy_put(io));
		lw_unadmit(io);
		lw_forget_memory(log, lw_io_release(io));
		return ret > 0 ? -ENOSPC : ret;
	}
	wait_for_completion(&done);
	if (error)
		return error;
	if (log->options.format == 1) {
		mutex_lock(&log->mutex);
		error = lw_super_write(log, false);
		mutex_unlock(&log->mutex);
	}
	return error ?: blkdev_issue_flush(log->bdev);
}
