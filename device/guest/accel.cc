// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/accel.h"

#include "base/fd.h"
#include "base/new_file.h"
#include "base/signals.h"
#include "device/guest/cache_dir.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <fstream>

namespace powercut {
namespace {

constexpr const char* kDevice = "/dev/kvm";

// Names a state of a file without reading it.
std::string identity(const std::filesystem::path& file) {
  struct stat status = {};
  ::stat(file.c_str(), &status);
  return fmt::format("{} {} {} {}.{}", file.native(), status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

}  // namespace

std::optional<GuestAccel> AccelCache::get(const std::string& key) const {
  std::ifstream file(directory_ / key);
  std::string text;
  std::getline(file, text);
  if (text == "kvm") {
    return GuestAccel::kKvm;
  }
  return text == "tcg" ? std::optional(GuestAccel::kTcg) : std::nullopt;
}

void AccelCache::put(const std::string& key, GuestAccel accel) const {
  NewFile file(directory_ / key);
  std::ofstream(file.partial()) << (accel == GuestAccel::kKvm ? "kvm\n" : "tcg\n");
  [[maybe_unused]] const Status ignored = file.finish();
}

std::string accel_key(const std::filesystem::path& kernel,
                      const std::filesystem::path& qemu) {
  const std::string text = identity(kernel) + "\n" + identity(qemu);
  return fmt::format("accel-{:016x}", XXH3_64bits(text.data(), text.size()));
}

Result<GuestAccel> choose_accel(GuestAccel wanted, const QemuOptions& guest,
                                const AccelProbe& probe) {
  if (wanted == GuestAccel::kTcg) {
    return wanted;
  }
  Result<Fd> device = Fd::open(kDevice, O_RDWR);
  if (!device && wanted == GuestAccel::kKvm) {
    device.error().kind = ErrorKind::kMissing;
    device.error().hint = "--accel tcg needs no KVM";
    return fail(device.error());
  }
  if (!device || wanted == GuestAccel::kKvm) {
    return device ? GuestAccel::kKvm : GuestAccel::kTcg;
  }
  device->reset();
  const Result<std::filesystem::path> directory = cache_directory();
  const AccelCache cache(directory ? *directory : std::filesystem::path("/nonexistent"));
  const std::string key = accel_key(guest.kernel, guest.program);
  if (const std::optional<GuestAccel> known = cache.get(key)) {
    return *known;
  }
  const GuestAccel found = probe(guest) ? GuestAccel::kKvm : GuestAccel::kTcg;
  if (interrupted()) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  cache.put(key, found);
  return found;
}

}  // namespace powercut
