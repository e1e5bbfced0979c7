// SPDX-License-Identifier: GPL-2.0-only
//
// One operation that is being done, and the functions that do each kind: 0 or an errno.
// From any thread; a PerformStep belongs to one. Part of the performer, no interface of
// the folder.

#pragma once

#include "workload/file_model.h"
#include "workload/open_files.h"
#include "workload/operation.h"
#include "workload/perform.h"
#include "workload/root_dir.h"
#include "workload/submitted_writes.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace powercut {

struct PerformStep {
  const Operation& operation;
  std::size_t number = 0;  // in its workload
  const RootDir& root;
  OpenFiles& files;
  SubmittedWrites& submitted;
  OpenFiles::Scope scope = 0;
  const PerformOptions& options;
  const FileModel* model = nullptr;         // of the workload, if it reads
  std::optional<std::uint64_t> made_inode;  // out
  std::optional<Error> trouble;             // out: this place cannot do it
};

// The table of all kinds. A mark, an acknowledgement and a claim do nothing here.
int do_step(PerformStep& step);

// A FILE of an operation: a path that is opened for it, or a handle.
struct PerformFile {
  std::shared_ptr<const OpenHandle> handle;  // null: a path
  Fd opened;

  int fd() const { return handle ? handle->fd.get() : opened.get(); }
};

// `flags` are for a path.
int open_step_file(const PerformStep& step, int flags, PerformFile& file);
int open_second_file(const PerformStep& step, int flags, PerformFile& file);

// 0, and the inode in the step.
int note_made(PerformStep& step, int fd);

// perform_files.cc: handles and sizes
int do_create(PerformStep& step);
int do_open(PerformStep& step);
int do_close(PerformStep& step);
int do_truncate(PerformStep& step);
int do_allocate(PerformStep& step);
int do_clone(PerformStep& step);
int do_clone_range(PerformStep& step);

// perform_data.cc: content, and what makes it durable
int do_write(PerformStep& step);
int do_append(PerformStep& step);
int do_mmap_write(PerformStep& step);
int do_msync(PerformStep& step);
int do_read(PerformStep& step);
int do_overwrite(PerformStep& step);
int do_fsync(PerformStep& step);
int do_fdatasync(PerformStep& step);

// perform_submit.cc: writes that are not waited for
int do_submit(PerformStep& step);
int do_wait(PerformStep& step);

// perform_names.cc: names and attributes
int do_mkdir(PerformStep& step);
int do_rmdir(PerformStep& step);
int do_link(PerformStep& step);
int do_symlink(PerformStep& step);
int do_rename(PerformStep& step);
int do_unlink(PerformStep& step);
int do_mknod(PerformStep& step);
int do_chmod(PerformStep& step);
int do_chown(PerformStep& step);
int do_set_xattr(PerformStep& step);
int do_remove_xattr(PerformStep& step);

}  // namespace powercut
