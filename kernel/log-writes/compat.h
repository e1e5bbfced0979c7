/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels. Written for 6.1; everything that is known to
 * differ later is here and nowhere else.
 */
#ifndef LW_COMPAT_H
#define LW_COMPAT_H

#include <linux/blkdev.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
#error "dm-log-writes 2 needs Linux 5.19 or later"
#endif

/* The mode of dm_get_device() became a type of its own in 6.5. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define LW_LOG_MODE (BLK_OPEN_READ | BLK_OPEN_WRITE)
#else
#define LW_LOG_MODE (FMODE_READ | FMODE_WRITE)
#endif

/* The ioctl itself is passed since 6.16. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define LW_PREPARE_IOCTL_ARGS                                                  \
	struct dm_target *ti, struct block_device **bdev, unsigned int cmd,    \
		unsigned long arg, bool *forward
#else
#define LW_PREPARE_IOCTL_ARGS struct dm_target *ti, struct block_device **bdev
#endif

static inline sector_t lw_partition_start(struct block_device *bdev)
{
	return get_start_sect(bdev);
}

#endif /* LW_COMPAT_H */
