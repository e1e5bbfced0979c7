/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dm-log-writes 2: what its files share.
 *
 * The way of a write:
 *
 *   map (io.c)     a copy of the data is made; the copy goes to the device
 *   queue.c        events get their sequence numbers and wait in one queue
 *   writer.c       takes the queue, gathers it into large sequential writes,
 *   format?.c      as segments (format 2) or entries (format 1)
 *   writer.c       frees, in order, what has reached the log, and only then
 *                  completes the flushes and FUA writes among it
 *
 * A log belongs to the log device, not to a target: targets that name the same
 * log device share one log, one queue and one sequence.
 */
#ifndef LW_H
#define LW_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "log_format.h"

#define DM_MSG_PREFIX "log-writes"

#define LW_MAX_IO_BYTES (1U << 20) /* larger writes are split */
#define LW_DEFAULT_MEMORY_MIB 32U
#define LW_MIN_MEMORY_MIB 2U /* one write of the largest size, and another */
#define LW_MAX_MEMORY_MIB 65536U
#define LW_MAX_SEGMENTS 8 /* log writes in flight */
#define LW_SEGMENT_BYTES (1U << 20) /* of data, aimed at */
#define LW_SEGMENT_EVENTS 1022U /* header and events fill 16 pages */
#define LW_HEAD_PAGES 17U
#define LW_COPY_ORDER 5U /* pieces of a copy: at most 128 KiB */
#define LW_KICK_BYTES (512U << 10) /* so much in the queue is written at once */
#define LW_TICK (HZ / 10) /* and less after this time */
#define LW_SUPER_EVERY (64ULL << 20) /* bytes of log between superblocks */

struct lw_log;
struct lw_target;
struct lw_undo;

enum lw_mode { LW_BOUNCE, LW_OBSERVE };
enum lw_on_full { LW_FULL_ERROR, LW_FULL_STOP };
/* When a flush or FUA write completes: when this has it. */
enum lw_ack { LW_ACK_LOG, LW_ACK_DEVICE };

/* What the table line asks for. */
struct lw_options {
	unsigned int format;
	char name[PC_DEVICE_NAME_BYTES]; /* in the log; empty: made up */
	u32 domain;
	enum lw_mode mode;
	enum lw_on_full on_full;
	enum lw_ack ack;
	bool log_reads;
	bool power_fail;
	unsigned int memory_mib;
};

enum lw_state {
	LW_IDLE, /* nothing written to the log device yet */
	LW_LOGGING,
	LW_FULL, /* on_full error: writes fail */
	LW_STOPPED, /* on_full stop: writes pass unrecorded */
	LW_FAILED, /* the log device failed */
};

/* One event that waits for the log. */
struct lw_item {
	struct list_head list;
	u64 seq;
	u8 type; /* PC_EVENT_* */
};

/*
 * One operation on its way: a write, flush, discard, write-zeroes, read or
 * mark. Freed when the last of its items has reached the log.
 */
struct lw_io {
	struct lw_log *log;
	struct lw_target *target; /* NULL: a mark */
	struct lw_item submit;
	struct lw_item done;
	u8 op; /* PC_OP_* */
	u16 device;
	u32 flags; /* PC_EVENT_* flags */
	u32 status; /* a positive errno */
	u32 pid;
	char comm[PC_COMM_BYTES];
	sector_t sector;
	u64 bytes; /* on the device; of a mark: of its text */
	u64 submit_ns;
	u64 done_ns;

	struct bio *orig; /* NULL once it was completed */
	blk_status_t orig_status;
	struct bio *sent; /* what goes to the device */
	struct bio *copy; /* the data that is logged; in bounce mode sent too */
	struct bio *changed; /* observe: the data at completion, if other */
	atomic_t copy_users; /* of copy: the device, the log */

	u64 room; /* bytes of the log that are kept free for this */
	u32 memory; /* bytes that count against the bound */
	struct work_struct work; /* compares, in observe mode */
	struct list_head stolen; /* format 1, flush: writes it covers */
	struct list_head flying; /* format 1, flush: of lw_log.flying */
	struct completion *waiter; /* mark: told when it is in the log */
	int *waiter_error;
	char *text;

	/* power_fail */
	bool powered; /* counted in its domain's in_flight */
	bool own; /* the target's own: the power is off for all others */
	struct lw_undo *undo; /* what was there before */
	unsigned int undo_epoch; /* of a flush: what it covers */
};

/* A piece of the log on its way to the log device. */
struct lw_segment {
	struct list_head list; /* of lw_log.segments, in log order */
	struct lw_log *log;
	struct list_head items;
	atomic_t bios;
	blk_status_t status;
	bool done;
	u64 end_seq; /* sequence number after its last event */
	u64 entries; /* log entries up to its end */
	u64 start; /* bytes on the log device */
	u64 end;
	bool wants_super; /* format 1: something in it is durable */
	unsigned int nr_pages;
	struct page *pages[]; /* of headers and events, ours */
};

/* Gathers pieces of memory into writes of one contiguous place of the log. */
struct lw_gather {
	struct lw_segment *segment;
	struct bio *bio;
	u64 position; /* byte on the log device */
	unsigned int vecs_left;
};

/* A device of the device table. */
struct lw_device {
	struct mapped_device *md; /* to know it again after a reload */
	dev_t dev;
	struct pc_device disk;
};

enum lw_power { LW_POWER_ON, LW_POWER_EIO, LW_POWER_DROP };
enum lw_trigger {
	LW_TRIGGER_NONE,
	LW_TRIGGER_FLUSH, /* before the n-th flush is done */
	LW_TRIGGER_FUA, /* before the n-th FUA write is done */
	LW_TRIGGER_AFTER_FLUSH, /* after the n-th flush has completed */
};

/* The power supply of one flush domain. */
struct lw_domain {
	struct list_head list; /* of lw_log.domains */
	struct lw_log *log;
	u32 number;
	enum lw_power power;
	enum lw_power armed_power;
	enum lw_trigger trigger;
	u64 countdown;
	unsigned int epoch; /* flushes that were submitted */
	struct list_head undo; /* struct lw_undo, in completion order */
	struct list_head flying; /* struct lw_undo of writes below us */
	unsigned int in_flight; /* recorded operations below us */
	struct work_struct work; /* takes the unflushed writes back */
	bool restoring; /* the power failed; requests wait */
	bool applying; /* so, and nothing is in flight any more */
};

struct lw_log {
	struct list_head list; /* of all logs */
	refcount_t users;
	struct block_device *bdev;
	struct lw_options options; /* format, on_full and memory count here */
	unsigned int block; /* log: unit of positions */
	unsigned int align; /* log device: logical block size */
	u64 size;

	struct mutex mutex; /* starting, devices, superblocks, messages */
	struct lw_device *devices;
	unsigned int nr_devices;
	u64 generation;
	u8 uuid[16];
	u64 created_ns;
	u64 super_position; /* log end in the last superblock */
	struct page *super_page;
	u64 super_entries; /* format 1: what the superblock says */
	bool super_in_flight; /* under the lock; super_page is in use */
	struct work_struct super_work;

	spinlock_t lock; /* everything below up to the writer */
	enum lw_state state;
	int error; /* negative errno of LW_FAILED */
	struct list_head queue;
	u64 next_seq;
	unsigned int queued_events;
	u64 queued_bytes;
	u64 logged_entries;
	u64 position; /* end of what was given to the writer */
	u64 reserved; /* room promised to what is not yet written */
	u64 memory;
	u64 memory_limit;
	unsigned int in_flight; /* submitted, done item not yet queued */
	u64 errors; /* operations that the device failed */
	u64 unstable;
	unsigned int waiters; /* for room or memory */
	bool closing;
	bool stop_written;
	bool releasing; /* somebody frees written segments */
	struct list_head held; /* format 1: completed since the last flush */
	bool held_waits; /* format 1: somebody waits for one that is held */
	unsigned int flushes; /* format 1: flushes in flight */
	struct list_head flying; /* those, in submission order */
	struct list_head segments; /* in flight, in log order */
	unsigned int nr_segments;
	u64 written_seq; /* everything below is on the log device */
	u64 written_entries;
	u64 written; /* byte */
	u64 written_segment; /* where the newest of it begins */
	bool writing; /* the writer is between queue and segment list */
	struct list_head domains;

	wait_queue_head_t wait;
	struct workqueue_struct *wq;
	struct workqueue_struct *near; /* on the processor that asks */
	struct workqueue_struct *helpers; /* what goes on beside the writer */
	struct mutex write_mutex; /* one writer: work, near_work or tick */
	struct work_struct work;
	struct work_struct near_work;
	struct delayed_work tick;

	/* The writer's own. */
	struct list_head taken;
	u64 index;
	u64 last_offset;
	u32 last_crc;
	u64 first_seq;
	u64 flush_count;
	u64 mark_count;
	void (*write_segment)(struct lw_log *log);

	struct bio_set bios;
	mempool_t *ios;
	mempool_t *pages; /* for the writer */
	mempool_t *copy_pages; /* for copies when the system has none */
	struct mutex copy_mutex; /* one at a time drains copy_pages */
};

struct lw_target {
	struct dm_target *ti;
	struct dm_dev *dev;
	struct dm_dev *log_dev;
	struct lw_log *log;
	struct lw_options options;
	struct lw_domain *domain;
	int device; /* index in the device table; -1: not yet resumed */
};

/* options.c */
int lw_parse_options(struct dm_target *ti, unsigned int argc, char **argv,
		     struct lw_options *options);

/* log.c */
struct lw_log *lw_log_get(struct lw_target *target, char **error);
void lw_log_put(struct lw_log *log);
int lw_log_attach(struct lw_target *target);
int lw_log_sync(struct lw_log *log);
int lw_log_mark(struct lw_log *log, const char *text);

/* super.c */
int lw_super_begin(struct lw_log *log);
int lw_super_write(struct lw_log *log, bool clean);
void lw_super_work(struct work_struct *work);
void lw_super1_start(struct lw_log *log);

/* io.c */
int lw_map(struct dm_target *ti, struct bio *bio);
void lw_prepare(struct lw_io *io, struct bio *bio);
int lw_start(struct lw_io *io, struct bio *content);
void lw_go(struct lw_io *io);
struct lw_io *lw_io_alloc(struct lw_log *log, struct lw_target *target);
struct bio *lw_copy_alloc(struct lw_log *log, struct block_device *bdev,
			  blk_opf_t opf, unsigned int bytes);
void lw_copy_free(struct lw_log *log, struct bio *copy);
u32 lw_copy_memory(struct lw_log *log, unsigned int bytes);
u32 lw_copy_put(struct lw_io *io);
u32 lw_io_release(struct lw_io *io);
void lw_end_orig(struct lw_io *io, blk_status_t status);

/* queue.c */
int lw_admit(struct lw_io *io);
void lw_unadmit(struct lw_io *io);
int lw_queue_submit(struct lw_io *io);
void lw_queue_done(struct lw_io *io);
int lw_queue_mark(struct lw_io *io);
void lw_release_held(struct lw_log *log);
void lw_kick(struct lw_log *log);
void lw_kick_near(struct lw_log *log);
void lw_forget_memory(struct lw_log *log, u32 bytes);
void lw_fail(struct lw_log *log, enum lw_state state, int error);

/* writer.c */
void lw_write_work(struct work_struct *work);
void lw_near_work(struct work_struct *work);
void lw_tick_work(struct work_struct *work);
struct lw_segment *lw_segment_alloc(struct lw_log *log, unsigned int nr_pages);
void lw_segment_submit(struct lw_segment *segment, struct lw_gather *gather);
void lw_gather_begin(struct lw_gather *gather, struct lw_segment *segment,
		     u64 position, unsigned int vecs);
void lw_gather_page(struct lw_gather *gather, struct page *page,
		    unsigned int bytes, unsigned int offset);
void lw_gather_copy(struct lw_gather *gather, struct bio *copy,
		    unsigned int bytes);
unsigned int lw_copy_vecs(struct bio *copy);

/* format1.c, format2.c */
void lw_format1_write(struct lw_log *log);
void lw_format2_write(struct lw_log *log);
void lw_format2_last(struct lw_log *log, u32 flags);

/* status.c */
void lw_status(struct dm_target *ti, status_type_t type,
	       unsigned int status_flags, char *result, unsigned int maxlen);

/* power.c */
struct lw_domain *lw_domain_get(struct lw_log *log, u32 number);
void lw_domains_free(struct lw_log *log);
int lw_power_message(struct lw_target *target, unsigned int argc, char **argv);
bool lw_power_map(struct lw_target *target, struct bio *bio, int *result);
bool lw_power_keeps(struct lw_io *io);
bool lw_power_before(struct lw_io *io);
void lw_power_flush(struct lw_io *io);
void lw_power_done(struct lw_io *io);
void lw_power_abort(struct lw_io *io);
void lw_power_shrink(struct lw_log *log, u64 bytes);
void lw_power_forget(struct lw_target *target);

static inline bool lw_has_data(const struct lw_io *io)
{
	return io->op == PC_OP_WRITE;
}

#endif /* LW_H */
