// SPDX-License-Identifier: GPL-2.0-only

#include "scenarios/guest_modules.h"

#include "device/guest/kernel_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace powercut {
namespace {

struct Modules {
  std::string_view type;
  std::vector<std::string> needed;
  std::vector<std::string> helpful;  // taken where the kernel has them
};

// What a file system cannot do without, and what it would have to ask for in the midst of
// a mount. Kernels build some of them in, which is as good.
const std::vector<Modules>& known_modules() {
  static const std::vector<Modules> kModules = {
      {"ext4", {"ext4"}, {"crc32c_generic"}},
      {"xfs", {"xfs"}, {"crc32c_generic"}},
      {"btrfs",
       {"btrfs"},
       {"crc32c_generic", "xxhash_generic", "sha256_generic", "blake2b_generic"}},
      {"f2fs", {"f2fs"}, {"crc32_generic"}},
      {"vfat", {"vfat"}, {"nls_cp437", "nls_ascii", "nls_iso8859_1", "nls_utf8"}}};
  return kModules;
}

}  // namespace

Status add_file_system_modules(const std::string& type, GuestOptions& guest) {
  PC_ASSIGN_OR_RETURN(const KernelChoice kernel,
                      choose_kernel(guest.kernel, guest.modules));
  const std::vector<Modules>& known = known_modules();
  const std::vector<Modules>::const_iterator entry =
      std::ranges::find(known, type, [](const Modules& modules) { return modules.type; });
  std::vector<std::string> helpful = {type};
  if (entry != known.end()) {
    helpful = entry->helpful;
    for (const std::string& name : entry->needed) {
      const bool brought =
          std::ranges::any_of(guest.extra_modules, [&](const GuestModule& module) {
            return module_name(module.file.native()) == name;
          });
      if (!brought && !kernel.modules.has(name)) {
        return fail(ErrorKind::kMissing,
                    fmt::format("the guest's kernel {} cannot mount {}: it has no {}",
                                kernel.version, type, name),
                    "name a kernel that has it with --kernel IMAGE, and its modules "
                    "with --modules DIR");
      }
      helpful.push_back(name);
    }
  }
  for (const std::string& name : helpful) {
    if (kernel.modules.has(name)) {
      guest.load.push_back(name);
    }
  }
  return {};
}

}  // namespace powercut
