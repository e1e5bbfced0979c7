// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/kernel_source.h"

#include "base/mapped_file.h"
#include "base/subprocess.h"
#include "device/guest/cache_dir.h"
#include "device/guest/guest_failure.h"
#include "device/run_dir.h"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <array>

namespace powercut {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kTarTimeout{10};
constexpr std::size_t kToldLines = 10;
constexpr const char* kVersionHeader = "include/generated/uapi/linux/version.h";

// The number behind `word`, which begins a line; empty if there is none.
std::string number_behind(const std::string& text, const std::string& word) {
  const std::size_t found = ("\n" + text).find("\n" + word);
  if (found == std::string::npos) {
    return {};
  }
  const std::size_t start = text.find_first_not_of(" \t=", found + word.size());
  const std::size_t end = text.find_first_not_of("0123456789", start);
  return start == std::string::npos ? std::string{} : text.substr(start, end - start);
}

std::string version_of(const std::string& text, const std::array<const char*, 3>& words) {
  std::string version;
  for (const char* word : words) {
    const std::string number = number_behind(text, word);
    if (number.empty()) {
      return {};
    }
    version += (version.empty() ? "" : ".") + number;
  }
  return version;
}

// "linux-source-6.1" of "6.1.0-49-cloud-amd64".
std::string package_name(const std::string& kernel_version) {
  const std::size_t second_dot = kernel_version.find('.', kernel_version.find('.') + 1);
  return "linux-source-" + kernel_version.substr(0, second_dot);
}

bool has_all(const fs::path& folder, const std::vector<std::string>& files) {
  return std::ranges::all_of(files, [&](const std::string& file) {
    std::error_code ignored;
    return fs::exists(folder / file, ignored);
  });
}

// Of the state of a package and the names of what is taken out of it.
std::string cache_key(const fs::path& package, const std::vector<std::string>& files) {
  std::error_code ignored;
  std::string key =
      fmt::format("{}\n{}\n{}\n", package.native(), fs::file_size(package, ignored),
                  fs::last_write_time(package, ignored).time_since_epoch().count());
  for (const std::string& file : files) {
    key += file + "\n";
  }
  return fmt::format("{:016x}", XXH3_64bits(key.data(), key.size()));
}

Status unpack(const fs::path& package, const std::string& name,
              const std::vector<std::string>& files, const fs::path& folder) {
  if (!find_program("xz")) {
    return fail(ErrorKind::kMissing,
                fmt::format("cannot unpack {}: no program xz", package.native()),
                "apt-get install xz-utils");
  }
  SubprocessOptions tar;
  // With --occurrence tar stops behind the last file that was asked for.
  tar.argv = {"tar",
              "--extract",
              "--occurrence=1",
              "--strip-components=1",
              "--no-same-owner",
              "--use-compress-program=xz -T0",
              "--directory=" + folder.native(),
              "--file=" + package.native()};
  for (const std::string& file : files) {
    tar.argv.push_back(fmt::format("{}/{}", name, file));
  }
  tar.environment = {{"LC_ALL", "C"}};
  tar.timeout = kTarTimeout;
  PC_ASSIGN_OR_RETURN(const ExitState state, run_subprocess(tar));
  if (state.interrupted) {
    return fail(ErrorKind::kInterrupted, "interrupted");
  }
  if (!state.succeeded()) {
    return fail(ErrorKind::kBadInput,
                fmt::format("cannot take {} files out of {}: tar: {}\n{}", files.size(),
                            package.native(), to_string(state),
                            tail_of(state.output, kToldLines)));
  }
  return {};
}

// What killed runs left half copied. Nobody copies for an hour.
void remove_leftovers_of(const fs::path& kept) {
  const std::string prefix = kept.filename().native() + ".";
  std::error_code ignored;
  for (const fs::directory_entry& entry :
       fs::directory_iterator(kept.parent_path(), ignored)) {
    const fs::file_time_type written = fs::last_write_time(entry.path(), ignored);
    if (entry.path().filename().native().starts_with(prefix) &&
        fs::file_time_type::clock::now() - written > std::chrono::hours(1)) {
      fs::remove_all(entry.path(), ignored);
    }
  }
}

// Whole or not at all, whoever else does the same now.
Status keep_in_cache(const RunDir& run_dir, const fs::path& folder,
                     const fs::path& kept) {
  const fs::path partial = kept.native() + "." + run_dir.run_id();
  std::error_code error;
  std::error_code ignored;
  remove_leftovers_of(kept);
  fs::copy(folder, partial, fs::copy_options::recursive, error);
  if (!error) {
    fs::rename(partial, kept, error);
  }
  fs::remove_all(partial, ignored);
  if (error && !fs::exists(kept, ignored)) {
    return fail(
        system_error(fmt::format("cannot write {}", kept.native()), error.value()));
  }
  return {};
}

Result<fs::path> from_package(const fs::path& package, const std::string& name,
                              std::vector<std::string> files) {
  files.emplace_back("Makefile");
  PC_ASSIGN_OR_RETURN(const fs::path cache, cache_directory());
  fs::path kept = cache / fmt::format("{}-{}", name, cache_key(package, files));
  std::error_code ignored;
  if (!fs::exists(kept, ignored)) {
    PC_ASSIGN_OR_RETURN(const RunDir run_dir, RunDir::create());
    PC_ASSIGN_OR_RETURN(const fs::path folder, run_dir.make_directory("source"));
    PC_RETURN_IF_ERROR(unpack(package, name, files, folder));
    PC_RETURN_IF_ERROR(keep_in_cache(run_dir, folder, kept));
  }
  return kept;
}

// Sources of another stable version may build and load, and be another driver.
Status check_version(const fs::path& source, const fs::path& package,
                     const std::string& name, const ModuleTree& kernel) {
  PC_ASSIGN_OR_RETURN(const std::string makefile, read_source(source / "Makefile"));
  PC_ASSIGN_OR_RETURN(const std::string header,
                      read_source(kernel.build_directory() / kVersionHeader));
  const std::string has = version_in_makefile(makefile);
  const std::string wanted = version_in_header(header);
  if (has.empty() || has != wanted) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("{} has the sources of Linux {}, and kernel {} is Linux {}",
                    package.native(), has.empty() ? "?" : has, kernel.kernel_version(),
                    wanted.empty() ? "?" : wanted),
        fmt::format("install the version of {} that its linux-image and linux-headers "
                    "have",
                    name));
  }
  return {};
}

}  // namespace

Result<std::string> read_source(const fs::path& file) {
  PC_ASSIGN_OR_RETURN(const MappedFile mapped, MappedFile::open(file));
  return std::string(reinterpret_cast<const char*>(mapped.bytes().data()),
                     mapped.bytes().size());
}

std::string version_in_makefile(const std::string& text) {
  return version_of(text, {"VERSION ", "PATCHLEVEL ", "SUBLEVEL "});
}

std::string version_in_header(const std::string& text) {
  return version_of(text,
                    {"#define LINUX_VERSION_MAJOR ", "#define LINUX_VERSION_PATCHLEVEL ",
                     "#define LINUX_VERSION_SUBLEVEL "});
}

Result<fs::path> kernel_source(const ModuleTree& kernel,
                               const std::vector<std::string>& files,
                               const fs::path& packages) {
  // A tree built elsewhere (make O=) leads to its source by a link.
  for (const fs::path& tree :
       {kernel.build_directory(), kernel.build_directory() / "source"}) {
    if (has_all(tree, files)) {
      return tree;
    }
  }
  const std::string name = package_name(kernel.kernel_version());
  const fs::path package = packages / (name + ".tar.xz");
  std::error_code ignored;
  if (!fs::exists(package, ignored)) {
    return fail(
        ErrorKind::kMissing,
        fmt::format("no sources of kernel {}: neither {} nor {} is there",
                    kernel.kernel_version(), package.native(),
                    (kernel.build_directory() / files.front()).native()),
        fmt::format("apt-get install {}, or name the tree of a kernel with --kernel",
                    name));
  }
  PC_ASSIGN_OR_RETURN(fs::path source, from_package(package, name, files));
  PC_RETURN_IF_ERROR(check_version(source, package, name, kernel));
  return source;
}

}  // namespace powercut
