// SPDX-License-Identifier: GPL-2.0-only

#include "device/dm_task.h"

#include "base/subprocess.h"
#include "device/kernel_log.h"

#include <fmt/format.h>
#include <libdevmapper.h>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace powercut {
namespace {

constexpr std::chrono::seconds kModprobeTimeout{30};
constexpr int kLevelMask = 7;   // the rest of the library's level are flags
constexpr int kLevelError = 3;  // syslog(3)'s LOG_ERR
constexpr std::string_view kDriver = "device-mapper";

// What the library said in this task. Guarded by the tasks' lock.
std::string g_said;

std::mutex& task_mutex() {
  static std::mutex mutex;
  return mutex;
}

// The attribute lets the compiler check that the library's type is the same.
__attribute__((format(printf, 5, 6))) void keep_message(int level, const char* /*file*/,
                                                        int /*line*/, int /*error*/,
                                                        const char* format, ...) {
  if ((level & kLevelMask) > kLevelError) {
    return;
  }
  std::array<char, 1024> text{};
  va_list arguments;
  va_start(arguments, format);
  // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start() is above
  std::vsnprintf(text.data(), text.size(), format, arguments);
  va_end(arguments);
  if (!g_said.empty()) {
    g_said += "; ";
  }
  g_said += text.data();
}

bool is_registered() {
  std::ifstream misc("/proc/misc");
  std::string number;
  std::string name;
  while (misc >> number >> name) {
    if (name == kDriver) {
      return true;
    }
  }
  return false;
}

Error no_device_mapper() {
  return {ErrorKind::kMissing, "this kernel has no device-mapper",
          ::geteuid() == 0 ? "load the kernel module: modprobe dm-mod; or run it in a "
                             "guest: powercut guest"
                           : "run as root"};
}

}  // namespace

bool has_device_mapper(bool load) {
  if (is_registered() || !load || ::geteuid() != 0) {
    return is_registered();
  }
  SubprocessOptions modprobe;
  modprobe.argv = {"modprobe", "-q", "dm-mod"};
  modprobe.timeout = kModprobeTimeout;
  [[maybe_unused]] const Result<ExitState> ignored = run_subprocess(modprobe);
  return is_registered();
}

std::string dm_reason(const std::string& line) {
  constexpr std::string_view kPrefix = "device-mapper: ";
  constexpr std::string_view kTable = "table: ";
  std::string_view rest = line;
  if (!rest.starts_with(kPrefix)) {
    return line;
  }
  rest.remove_prefix(kPrefix.size());
  if (rest.starts_with(kTable)) {
    rest.remove_prefix(kTable.size());
    const std::size_t device = rest.find_first_not_of("0123456789:");
    if (device != 0 && device != std::string_view::npos && rest[device] == ' ') {
      rest.remove_prefix(device + 1);
    }
  }
  return std::string(rest);
}

void DmTask::Destroy::operator()(dm_task* task) const {
  dm_task_destroy(task);
  // The library talks until the very end of the process, when g_said is gone.
  dm_log_with_errno_init(nullptr);
}

Result<DmTask> DmTask::start(int type, std::string verb, std::string device) {
  if (!has_device_mapper(true)) {
    return fail(no_device_mapper());
  }
  std::unique_lock<std::mutex> lock(task_mutex());
  dm_log_with_errno_init(&keep_message);
  g_said.clear();
  const std::string what =
      device.empty() ? fmt::format("cannot {}", verb)
                     : fmt::format("cannot {} device-mapper device {}", verb, device);
  dm_task* task = dm_task_create(type);
  if (task == nullptr ||
      (!device.empty() && dm_task_set_name(task, device.c_str()) == 0)) {
    if (task != nullptr) {
      dm_task_destroy(task);
    }
    return fail(ErrorKind::kSystem, fmt::format("{}: {}", what, g_said));
  }
  return DmTask(std::move(lock), task, what);
}

DmTask::~DmTask() = default;

Status DmTask::run(bool ok) {
  KernelLog kernel;
  errno = 0;
  error_number_ = 0;
  if (ok && dm_task_run(task_.get()) != 0) {
    dm_task_update_nodes();
    return {};
  }
  error_number_ = dm_task_get_errno(task_.get());
  if (error_number_ == 0) {
    error_number_ = errno;
  }
  std::string cause = error_number_ != 0 ? std::strerror(error_number_) : g_said;
  // The last lines tell what follows from the first.
  const std::vector<std::string> lines =
      kernel.lines({"device-mapper: table: ", "device-mapper: log-writes: "});
  for (const std::string& line : lines) {
    cause += ": " + dm_reason(line);
  }
  if (lines.empty() && error_number_ != 0 && !g_said.empty()) {
    cause += fmt::format(" ({})", g_said);
  }
  g_said.clear();
  Error error{ErrorKind::kSystem, fmt::format("{}: {}", what_, cause), ""};
  if (error_number_ == EACCES || error_number_ == EPERM) {
    error.kind = ErrorKind::kMissing;
    error.hint = "run as root";
  }
  return fail(std::move(error));
}

}  // namespace powercut
