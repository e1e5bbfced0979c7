// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm-log-writes 2: a device-mapper target that records what is written to a
 * device, for power-cut tests. docs/kernel-target.md has the grammar.
 *
 * The idea and format 1 are those of upstream's dm-log-writes (Josef Bacik,
 * 2015); this is written anew.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "lw.h"

static char *name = "log-writes";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "name of the target; default log-writes");

/* The same bytes under two names? */
static bool lw_overlap(struct block_device *a, struct block_device *b)
{
	sector_t a_begin = lw_partition_start(a);
	sector_t b_begin = lw_partition_start(b);

	return a->bd_disk == b->bd_disk &&
	       a_begin < b_begin + bdev_nr_sectors(b) &&
	       b_begin < a_begin + bdev_nr_sectors(a);
}

static int lw_check_devices(struct lw_target *target, char **error)
{
	struct block_device *data = target->dev->bdev;
	struct block_device *log = target->log_dev->bdev;
	bool format1 = target->options.format == 1;
	u64 least = format1 ? 64U << 10 :
			      PC_FIRST_SEGMENT_OFFSET + (64U << 10);

	if (bdev_is_zoned(data) || bdev_is_zoned(log)) {
		*error = "zoned devices are not supported";
		return -EINVAL;
	}
	if (lw_overlap(data, log)) {
		*error = "data and log are the same device";
		return -EINVAL;
	}
	if (bdev_nr_bytes(log) < least) {
		*error = format1 ?
			"log device too small: at least 64 KiB" :
			"log device too small: at least 192 KiB in format 2";
		return -ENOSPC;
	}
	if (format1 &&
	    bdev_logical_block_size(log) > bdev_logical_block_size(data)) {
		*error = "log sectors larger than data sectors: needs format 2";
		return -EINVAL;
	}
	if (bdev_logical_block_size(log) > PAGE_SIZE ||
	    bdev_logical_block_size(data) > PAGE_SIZE) {
		*error = "sectors larger than a page are not supported";
		return -EINVAL;
	}
	return 0;
}

static void lw_target_free(struct lw_target *target)
{
	if (target->log) {
		lw_power_forget(target);
		lw_log_put(target->log);
	}
	if (target->log_dev)
		dm_put_device(target->ti, target->log_dev);
	if (target->dev)
		dm_put_device(target->ti, target->dev);
	kfree(target);
}

static int lw_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct lw_target *target;
	int ret;

	if (argc < 2) {
		ti->error = "needs a data device and a log device";
		return -EINVAL;
	}
	if (ti->begin) {
		ti->error = "must be the only target of its device";
		return -EINVAL;
	}
	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target) {
		ti->error = "no memory for the target";
		return -ENOMEM;
	}
	target->ti = ti;
	target->device = -1;
	ret = lw_parse_options(ti, argc - 2, argv + 2, &target->options);
	if (ret)
		goto bad;
	ret = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table),
			    &target->dev);
	if (ret) {
		ti->error = "data device lookup failed";
		goto bad;
	}
	ret = dm_get_device(ti, argv[1], LW_LOG_MODE, &target->log_dev);
	if (ret) {
		ti->error = "log device lookup failed";
		goto bad;
	}
	ret = lw_check_devices(target, &ti->error);
	if (ret)
		goto bad;
	ret = dm_set_target_max_io_len(ti, LW_MAX_IO_BYTES >> SECTOR_SHIFT);
	if (ret)
		goto bad;
	target->log = lw_log_get(target, &ti->error);
	if (IS_ERR(target->log)) {
		ret = PTR_ERR(target->log);
		target->log = NULL;
		goto bad;
	}
	if (target->options.power_fail) {
		target->domain = lw_domain_get(target->log,
					       target->options.domain);
		if (!target->domain) {
			ti->error = "no memory for the flush domain";
			ret = -ENOMEM;
			goto bad;
		}
	}
	ti->num_flush_bios = 1;
	ti->num_discard_bios = 1;
	if (target->options.format == 2) {
		/* Format 1 could only say them with data. */
		ti->num_secure_erase_bios = 1;
		ti->num_write_zeroes_bios = 1;
	}
	ti->accounts_remapped_io = true;
	ti->private = target;
	return 0;

bad:
	lw_target_free(target);
	return ret;
}

static void lw_dtr(struct dm_target *ti)
{
	lw_target_free(ti->private);
}

static int lw_preresume(struct dm_target *ti)
{
	return lw_log_attach(ti->private);
}

static void lw_postsuspend(struct dm_target *ti)
{
	struct lw_target *target = ti->private;

	if (target->device >= 0)
		lw_log_sync(target->log);
}

static int lw_message(struct dm_target *ti, unsigned int argc, char **argv,
		      char *result, unsigned int maxlen)
{
	struct lw_target *target = ti->private;

	if (target->device < 0) {
		DMERR("no messages before the device is resumed");
		return -EINVAL;
	}
	if (!strcasecmp(argv[0], "mark")) {
		if (argc != 2) {
			DMERR("mark takes one argument: write spaces as '\\ '");
			return -EINVAL;
		}
		return lw_log_mark(target->log, argv[1]);
	}
	if (!strcasecmp(argv[0], "sync")) {
		if (argc != 1) {
			DMERR("sync takes no argument");
			return -EINVAL;
		}
		return lw_log_sync(target->log);
	}
	if (!strcasecmp(argv[0], "powerfail") || !strcasecmp(argv[0], "heal"))
		return lw_power_message(target, argc, argv);
	DMERR("unknown message %s: mark, sync, powerfail and heal are known",
	      argv[0]);
	return -EINVAL;
}

static int lw_iterate_devices(struct dm_target *ti,
			      iterate_devices_callout_fn fn, void *data)
{
	struct lw_target *target = ti->private;

	return fn(ti, target->dev, 0, ti->len, data);
}

static int lw_prepare_ioctl(LW_PREPARE_IOCTL_ARGS)
{
	struct lw_target *target = ti->private;

	*bdev = target->dev->bdev;
	/* Only if it is the whole device, as dm-linear has it. */
	return ti->len != bdev_nr_sectors(target->dev->bdev);
}

static struct target_type lw_target_type = {
	.version = { 2, 0, 0 },
	.features = DM_TARGET_SINGLETON,
	.module = THIS_MODULE,
	.ctr = lw_ctr,
	.dtr = lw_dtr,
	.map = lw_map,
	.preresume = lw_preresume,
	.postsuspend = lw_postsuspend,
	.status = lw_status,
	.message = lw_message,
	.iterate_devices = lw_iterate_devices,
	.prepare_ioctl = lw_prepare_ioctl,
};

static int __init lw_init(void)
{
	int ret;

	lw_target_type.name = name;
	ret = dm_register_target(&lw_target_type);
	if (ret == -EEXIST)
		DMERR("there is a target %s: unload it, or give name=",
		      name);
	else if (ret)
		DMERR("registering the target failed with error %d", ret);
	return ret;
}

static void __exit lw_exit(void)
{
	dm_unregister_target(&lw_target_type);
}

module_init(lw_init);
module_exit(lw_exit);

MODULE_DESCRIPTION("dm target that records writes for power-cut tests");
MODULE_AUTHOR("The powercut developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("2.0.0");
