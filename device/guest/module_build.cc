// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/module_build.h"

#include "base/mapped_file.h"
#include "base/new_file.h"
#include "base/subprocess.h"
#include "device/guest/cache_dir.h"
#include "device/guest/guest_failure.h"
#include "device/run_dir.h"

#include <fmt/format.h>

#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>
#include <thread>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kMakeTimeout{10};
constexpr std::size_t kToldLines = 20;

// What is built: sources and make's files, and not what an earlier make left there.
bool is_source(const fs::path& file) {
  const std::string name = file.filename();
  return name == "Kbuild" || name == "Makefile" ||
         (!name.ends_with(".mod.c") && (name.ends_with(".c") || name.ends_with(".h")));
}

Result<std::set<fs::path>> sources_in(const fs::path& folder) {
  std::set<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    std::error_code ignored;
    if (entry.is_regular_file(ignored) && is_source(entry.path())) {
      files.insert(entry.path());
    }
  }
  if (error || files.empty()) {
    return fail(ErrorKind::kMissing,
                fmt::format("no sources of a kernel module in {}", folder.native()));
  }
  return files;
}

Result<std::uint64_t> hash_file(const fs::path& file, std::uint64_t seed) {
  PC_ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::open(file));
  const std::uint64_t hash =
      XXH3_64bits_withSeed(mapped.bytes().data(), mapped.bytes().size(), seed);
  const std::string name = file.filename();
  return XXH3_64bits_withSeed(name.data(), name.size(), hash);
}

Status copy_sources(const std::set<fs::path>& sources, const fs::path& folder) {
  for (const fs::path& source : sources) {
    std::error_code error;
    fs::copy_file(source, folder / source.filename(), error);
    if (error) {
      return fail(
          system_error(fmt::format("cannot copy {}", source.native()), error.value()));
    }
  }
  return {};
}

Status run_make(const fs::path& build_directory, const fs::path& folder,
                const ModuleBuildOptions& options, const std::string& kernel_version) {
  SubprocessOptions make;
  make.argv = {"make",
               "-C",
               build_directory.native(),
               "M=" + folder.native(),
               fmt::format("-j{}", std::max(1U, std::thread::hardware_concurrency())),
               "modules"};
  // What a make around us has set must not get into this one.
  make.environment = {{"MAKEFLAGS", ""}, {"MAKELEVEL", ""}, {"LC_ALL", "C"}};
  make.timeout = kMakeTimeout;
  PC_ASSIGN_OR_RETURN(const ExitState state, run_subprocess(make));
  std::error_code ignored;
  if (state.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (!state.succeeded() || !fs::exists(folder / (options.name + ".ko"), ignored)) {
    return fail(
        ErrorKind::kSystem,
        fmt::format("cannot build the module {} of {} for kernel {}: make: {}\n{}",
                    options.name, options.source.native(), kernel_version,
                    to_string(state), tail_of(state.output, kToldLines)));
  }
  return {};
}

}  // namespace

Status check_module_headers(const ModuleTree& kernel) {
  std::error_code ignored;
  for (const char* file : {"Makefile", "Module.symvers"}) {
    if (!fs::exists(kernel.build_directory() / file, ignored)) {
      return fail(
          ErrorKind::kMissing,
          fmt::format("no headers of kernel {} to build a module with: {} is not "
                      "there",
                      kernel.kernel_version(),
                      (kernel.build_directory() / file).native()),
          fmt::format("apt-get install linux-headers-{}", kernel.kernel_version()));
    }
  }
  return {};
}

Result<fs::path> build_module(const ModuleBuildOptions& options,
                              const ModuleTree& kernel) {
  PC_RETURN_IF_ERROR(check_module_headers(kernel));
  PC_ASSIGN_OR_RETURN(const std::set<fs::path> sources, sources_in(options.source));
  std::uint64_t hash = 0;
  for (const fs::path& source : sources) {
    PC_ASSIGN_OR_RETURN(hash, hash_file(source, hash));
  }
  PC_ASSIGN_OR_RETURN(hash, hash_file(kernel.build_directory() / "Module.symvers", hash));
  PC_ASSIGN_OR_RETURN(const fs::path cache, cache_directory());
  fs::path kept = cache / fmt::format("{}-{}-{:016x}.ko", options.name,
                                      kernel.kernel_version(), hash);
  std::error_code error;
  if (fs::exists(kept, error)) {
    return kept;
  }
  PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
  PC_ASSIGN_OR_RETURN(const fs::path folder, run_dir.make_directory("module"));
  PC_RETURN_IF_ERROR(copy_sources(sources, folder));
  PC_RETURN_IF_ERROR(
      run_make(kernel.build_directory(), folder, options, kernel.kernel_version()));
  NewFile file(kept);
  fs::copy_file(folder / (options.name + ".ko"), file.partial(),
                fs::copy_options::overwrite_existing, error);
  if (error) {
    return fail(
        system_error(fmt::format("cannot write {}", kept.native()), error.value()));
  }
  PC_RETURN_IF_ERROR(file.finish());
  return kept;
}

Result<fs::path> log_writes_source() {
  std::error_code error;
  const fs::path own = fs::read_symlink("/proc/self/exe", error);
  const char* chosen = std::getenv("POWERCUT_KERNEL_SOURCE");
  const std::vector<fs::path> places =
      chosen != nullptr && *chosen != '\0'
          ? std::vector<fs::path>{chosen}
          : std::vector<fs::path>{
                fs::path(POWERCUT_SOURCE_DIR) / "kernel/log-writes",
                own.parent_path().parent_path() / "share/powercut/log-writes"};
  for (const fs::path& place : places) {
    if (fs::exists(place / "Kbuild", error)) {
      return place;
    }
  }
  return fail(ErrorKind::kMissing,
              fmt::format("the sources of the log-writes target are not at {}",
                          places.front().native()),
              "set POWERCUT_KERNEL_SOURCE to the folder kernel/log-writes");
}

Result<fs::path> build_log_writes(const ModuleTree& kernel) {
  PC_ASSIGN_OR_RETURN(fs::path source, log_writes_source());
  return build_module({std::move(source), "dm-log-writes"}, kernel);
}

}  // namespace powercut
