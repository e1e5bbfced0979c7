/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The on-disk formats of a write log, shared by the kernel target, the reader
 * and the writer. docs/log-format.md explains them with a picture and a worked
 * example; this file is the only definition.
 *
 * All fields are little-endian. All structures are packed by construction:
 * every member is naturally aligned and there is no implicit padding.
 *
 * Format 1 is what upstream dm-log-writes writes (Linux 4.1 and later) and
 * what QEMU's blklogwrites imitates. Format 2 is ours.
 */
#ifndef POWERCUT_LOG_FORMAT_H
#define POWERCUT_LOG_FORMAT_H

#include <linux/types.h>

/* ---- Format 1 ---------------------------------------------------------- */

#define PC_LOG1_MAGIC 0x6a736677736872ULL
#define PC_LOG1_VERSION 1

/*
 * In log sector 0. Only the first 28 bytes mean anything: the kernel copies
 * four more bytes of its stack.
 */
struct pc_log1_super {
	__le64 magic;
	__le64 version;
	__le64 nr_entries;
	__le32 sectorsize; /* bytes; the unit of every position below */
	__le32 unused;
};

/*
 * In a log sector of its own. A mark's text follows in the same sector. Then,
 * unless PC_LOG1_DISCARD is set, nr_sectors log sectors of data.
 */
struct pc_log1_entry {
	__le64 sector; /* in units of sectorsize */
	__le64 nr_sectors; /* in units of sectorsize */
	__le64 flags; /* PC_LOG1_* */
	__le64 data_len; /* bytes of a mark's text; otherwise 0 */
};

#define PC_LOG1_FLUSH (1ULL << 0)
#define PC_LOG1_FUA (1ULL << 1)
#define PC_LOG1_DISCARD (1ULL << 2)
#define PC_LOG1_MARK (1ULL << 3)
#define PC_LOG1_METADATA (1ULL << 4)

/* ---- Format 2 ---------------------------------------------------------- */

/* "pcutlog2" read as a little-endian number. */
#define PC_LOG2_MAGIC 0x32676f6c74756370ULL
/* "pcutseg2" */
#define PC_SEGMENT_MAGIC 0x3267657374756370ULL
#define PC_LOG2_VERSION 2

/*
 * Two superblock slots, written in turn: the slot with a good checksum and the
 * higher generation counts. A torn update loses nothing. Who begins a new log
 * zeroes the other slot, or an older log's higher generation would win.
 */
#define PC_SUPER_SLOT_BYTES 65536U
#define PC_SUPER_SLOTS 2U
#define PC_FIRST_SEGMENT_OFFSET (PC_SUPER_SLOT_BYTES * PC_SUPER_SLOTS)
#define PC_SUPER_BYTES 4096U
#define PC_MAX_DEVICES 31U
#define PC_DEVICE_NAME_BYTES 48U

/* What a recorded device is, 128 bytes. */
struct pc_device {
	__le64 size_bytes;
	__le32 logical_block_bytes;
	__le32 physical_block_bytes;
	__le32 flags; /* PC_DEVICE_* */
	__le32 domain; /* devices of one domain share one volatile cache */
	__le32 discard_granularity_bytes;
	__le32 reserved0;
	__le64 base_digest; /* XXH3-64 of the initial image; 0: all zeros */
	__le64 attach_seq; /* first sequence number that may name the device */
	char name[PC_DEVICE_NAME_BYTES]; /* NUL-padded UTF-8 */
	__u8 reserved1[32];
};

#define PC_DEVICE_WRITE_CACHE (1U << 0) /* has a volatile write cache */
#define PC_DEVICE_FUA (1U << 1)
#define PC_DEVICE_DISCARD (1U << 2)
#define PC_DEVICE_DISCARD_ZEROES (1U << 3) /* discarded blocks read as zeros */
#define PC_DEVICE_WRITE_ZEROES (1U << 4)
#define PC_DEVICE_BOUNCE (1U << 5) /* what is logged is what was sent down */
#define PC_DEVICE_OBSERVE (1U << 6) /* changed in flight: PC_EVENT_UNSTABLE */
#define PC_DEVICE_LOGS_READS (1U << 7)
#define PC_DEVICE_HAS_BASE (1U << 8) /* recorded over an image: base_digest */

/* At the start of a slot; 4096 bytes. */
struct pc_log2_super {
	__le64 magic;
	__le32 version;
	__le32 crc; /* CRC32C of the 4096 bytes with this field zero */
	__le64 generation;
	__u8 uuid[16]; /* of this log; every segment repeats it */
	__le64 log_bytes; /* size of the log device; 0: a file that grows */
	__le32 block_bytes; /* segments begin at multiples of this */
	__le32 device_count;
	__le64 created_ns; /* CLOCK_REALTIME */
	__le32 flags; /* PC_SUPER_* */
	__le32 reserved0;
	/* A hint for the reader of the log's progress, never trusted alone. */
	__le64 tail_offset; /* of the newest segment known at that time */
	__le64 tail_seq; /* sequence number after that segment */
	__u8 reserved1[40];
	struct pc_device devices[PC_MAX_DEVICES];
};

#define PC_SUPER_CLEAN (1U << 0) /* closed by the writer, nothing is missing */

/*
 * A segment: this header and the events, padded with zeros to a multiple of
 * block_bytes; then the data of the events, padded likewise. The next segment
 * follows at once. Sequence numbers are not stored: event i of a segment has
 * first_seq + i, and a segment's first_seq is the one after its predecessor's
 * last. 128 bytes.
 */
struct pc_segment {
	__le64 magic;
	/*
	 * CRC32C of header and events (128 + 64 * event_count bytes, without
	 * the padding) with this field zero.
	 */
	__le32 crc;
	__le32 flags; /* PC_SEGMENT_* */
	__u8 uuid[16];
	__le64 index; /* 0, 1, 2, ... */
	__le64 offset; /* where this segment says it is */
	__le64 prev_offset; /* 0 for the first */
	__le32 prev_crc; /* the predecessor's crc; 0 for the first */
	/* 1 to PC_SEGMENT_MAX_EVENTS; 0 too with PC_SEGMENT_END or _STOPPED */
	__le32 event_count;
	__le64 first_seq;
	/* Completions of flushes before this segment, whatever their status. */
	__le64 first_flush;
	__le64 first_mark; /* marks before this segment */
	__le64 data_bytes; /* at most PC_SEGMENT_MAX_DATA */
	/* Of the data_bytes bytes: CRC32C, or with PC_SEGMENT_XXH64 that. */
	__le32 data_sum; /* low half of XXH64 */
	__le32 data_sum_high; /* 0 with CRC32C */
	__le64 time_ns; /* CLOCK_REALTIME when the segment was closed */
	__u8 reserved1[16];
};

#define PC_SEGMENT_END (1U << 0) /* the last one, by a clean close */
#define PC_SEGMENT_STOPPED (1U << 1) /* the last one: the log was full */
#define PC_SEGMENT_XXH64 (1U << 2) /* data_sum is XXH64, seed 0 */
#define PC_SEGMENT_MAX_EVENTS 65535U
#define PC_SEGMENT_MAX_DATA (64ULL << 20)

#define PC_COMM_BYTES 16U /* as TASK_COMM_LEN */

/*
 * 64 bytes. A completion repeats device, op, offset and length of its
 * submission. A flush has length 0; a write, discard or write-zeroes has more.
 * A mark has device 0 and offset 0. PC_EVENT_UNSTABLE stands on completions of
 * writes only.
 */
struct pc_event {
	__u8 type; /* PC_EVENT_SUBMIT ... */
	__u8 op; /* PC_OP_*; of a completion: that of its submission */
	__le16 device; /* index into the device table; 0 for a mark */
	__le32 flags; /* PC_EVENT_* flags below */
	__le64 offset_bytes; /* on the device */
	__le64 length_bytes; /* on the device; of a mark: of its text */
	/*
	 * Submission of a write, mark, unstable completion: where its data
	 * begins in the segment's data. Other completions: 0.
	 */
	__le64 data_offset;
	__le64 time_ns; /* CLOCK_MONOTONIC of the recording machine */
	__le32 pid; /* submitter; 0: unknown */
	__le32 status; /* completion: 0, or a positive errno */
	union {
		char comm[PC_COMM_BYTES]; /* submission: NUL-padded */
		struct {
			__le64 ref_seq; /* completion: of its submission */
			__le64 reserved;
		} done;
	} u;
};

#define PC_EVENT_SUBMIT 1
#define PC_EVENT_COMPLETE 2
#define PC_EVENT_MARK 3
#define PC_EVENT_READ 4 /* no data; for other uses than crash states */

#define PC_OP_NONE 0 /* of a mark */
#define PC_OP_WRITE 1
#define PC_OP_FLUSH 2
#define PC_OP_DISCARD 3
#define PC_OP_WRITE_ZEROES 4
#define PC_OP_READ 5

#define PC_EVENT_FUA (1U << 0)
#define PC_EVENT_META (1U << 1)
#define PC_EVENT_SYNC (1U << 2)
#define PC_EVENT_NOUNMAP (1U << 3) /* write-zeroes that must not deallocate */
#define PC_EVENT_UNSTABLE (1U << 4) /* completion: data changed in flight */
#define PC_EVENT_SECURE (1U << 5) /* a secure erase, logged as a discard */

/* A mark's text: 1 to this many bytes of UTF-8 without NUL. */
#define PC_MARK_MAX_BYTES 4000U

#ifndef __cplusplus
#define PC_ASSERT_SIZE(type, size) \
	_Static_assert(sizeof(type) == (size), "size of " #type)
#else
#define PC_ASSERT_SIZE(type, size) \
	static_assert(sizeof(type) == (size), "size of " #type)
#endif
PC_ASSERT_SIZE(struct pc_log1_super, 32);
PC_ASSERT_SIZE(struct pc_log1_entry, 32);
PC_ASSERT_SIZE(struct pc_device, 128);
PC_ASSERT_SIZE(struct pc_log2_super, 4096);
PC_ASSERT_SIZE(struct pc_segment, 128);
PC_ASSERT_SIZE(struct pc_event, 64);

#endif /* POWERCUT_LOG_FORMAT_H */
