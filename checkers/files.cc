// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/files.h"

#include "base/subprocess.h"
#include "checkers/command.h"
#include "checkers/complaint.h"
#include "checkers/e2fsck.h"
#include "checkers/ext2_files.h"
#include "checkers/fresh_directory.h"
#include "checkers/mount_verdict.h"
#include "checkers/outcome.h"
#include "checkers/program_run.h"
#include "checkers/tree_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_set>
#include <utility>

namespace powercut {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLastLines = 3;
constexpr std::size_t kShownOfLine = 160;

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// The last lines that are not blank, the very last one first; of standard error, or of
// standard output if that has none.
std::vector<std::string> last_lines(const ProgramRun& run) {
  std::vector<std::string> last;
  for (const std::string* text : {&run.errors, &run.state.output}) {
    const std::vector<std::string_view> lines = lines_of(*text);
    for (std::size_t i = lines.size(); i-- > 0 && last.size() < kLastLines;) {
      if (lines[i].find_first_not_of(" \t\r") != std::string_view::npos) {
        last.emplace_back(lines[i].substr(0, kShownOfLine));
      }
    }
    if (!last.empty()) {
      break;
    }
  }
  return last;
}

// The file systems that are known well enough to tell that this is none of ours.
struct Magic {
  const char* file_system;
  std::uint64_t offset_bytes;
  std::string_view bytes;
};

constexpr std::array<Magic, 5> kOthers = {{{"xfs", 0, "XFSB"},
                                           {"btrfs", 0x10040, "_BHRfS_M"},
                                           {"f2fs", 1024, "\x10\x20\xf5\xf2"},
                                           {"vfat", 0x36, "FAT"},
                                           {"vfat", 0x52, "FAT32"}}};
constexpr Magic kExt = {"ext4", 1024 + 0x38, "\x53\xef"};

Result<bool> has_magic(const Subject& subject, const Magic& magic) {
  std::string bytes(magic.bytes.size(), '\0');
  if (magic.offset_bytes + bytes.size() > subject.size_bytes(0)) {
    return false;
  }
  PC_RETURN_IF_ERROR(
      subject.read(0, magic.offset_bytes, std::as_writable_bytes(std::span(bytes))));
  return bytes == magic.bytes;
}

// Of a disk that e2fsck cannot open: an Error if it holds another file system.
Status check_file_system(const Subject& subject) {
  PC_ASSIGN_OR_RETURN(const bool ext, has_magic(subject, kExt));
  for (const Magic& magic : kOthers) {
    PC_ASSIGN_OR_RETURN(const bool other, has_magic(subject, magic));
    if (other && !ext) {
      return fail(ErrorKind::kUsage,
                  fmt::format("the files checker reads ext2, ext3 and ext4 only, and the "
                              "disk holds {}",
                              magic.file_system),
                  fmt::format("--checker {}, or 'command:PROG {{}}' with a program that "
                              "mounts the disk",
                              magic.file_system));
    }
  }
  return {};
}

class FilesChecker : public Checker {
 public:
  FilesChecker(std::string text, std::vector<std::string> words, CheckerOptions options)
      : text_(std::move(text)), words_(std::move(words)), options_(std::move(options)) {}

  std::string name() const override { return "files:" + text_; }

  Result<Judgement> run(const Subject& subject) const override {
    PC_ASSIGN_OR_RETURN(Verdict verdict, run_e2fsck(subject, options_.timeout));
    if (can_go_on(verdict)) {
      PC_RETURN_IF_ERROR(look_at_files(subject, verdict));
    } else if (verdict.kind == Verdict::Kind::kFindings) {
      PC_RETURN_IF_ERROR(check_file_system(subject));
    }
    return base_only(std::move(verdict));
  }

 private:
  Status look_at_files(const Subject& subject, Verdict& verdict) const {
    Result<Ext2Files> files = read_ext2_files(subject, 0, kUnitsToCopy);
    if (!files) {
      return take_bad_input(files.error(), verdict);
    }
    // Without symbolic links, as a program is told that asks where it is.
    std::error_code error;
    const fs::path scratch = fs::canonical(subject.scratch, error);
    if (error) {
      return fail(system_error("cannot use " + subject.scratch.native(), error.value()));
    }
    PC_ASSIGN_OR_RETURN(FreshDirectory directory,
                        FreshDirectory::make(scratch / "files"));
    const Result<std::vector<std::string>> skipped =
        copy_tree(subject, 0, *files, directory.fd());
    if (!skipped) {
      return take_bad_input(skipped.error(), verdict);
    }
    std::string list;
    for (const std::string& path : *skipped) {
      list += escape_name(path) + "\n";
    }
    add_output(verdict, "not copied", list);
    PC_ASSIGN_OR_RETURN(const ProgramRun run, run_in(directory.path()));
    PC_RETURN_IF_ERROR(directory.remove());
    judge(run, std::move(files->tree), verdict);
    return {};
  }

  // What does not hold together is a finding; any other Error stays one.
  static Status take_bad_input(const Error& error, Verdict& verdict) {
    if (error.kind != ErrorKind::kBadInput) {
      return fail(error);
    }
    const std::string text =
        "e2fsck leaves what does not hold together: " + error.message;
    add_finding(verdict, {text, text, false});
    return {};
  }

  Result<ProgramRun> run_in(const fs::path& directory) const {
    std::vector<std::string> argv = words_;
    for (std::string& word : argv) {
      word = replace_all(std::move(word), "{}", directory.native());
    }
    PC_ASSIGN_OR_RETURN(ProgramRun run,
                        run_program(std::move(argv), directory, options_.timeout));
    run.state.output = replace_all(std::move(run.state.output), directory.native(), "{}");
    run.errors = replace_all(std::move(run.errors), directory.native(), "{}");
    return run;
  }

  std::string program() const { return fs::path(words_[0]).filename(); }

  void judge(const ProgramRun& run, FileTree tree, Verdict& verdict) const {
    add_output(verdict, program(), run.state.output);
    add_output(verdict, program() + ", standard error", run.errors);
    const ExitState& state = run.state;
    if (state.timed_out || state.interrupted || state.signal) {
      give_up(verdict, to_string(state));
      return;
    }
    if (!run.whole) {
      give_up(verdict, fmt::format("it printed more than {} MiB", kMostAnswers >> 20));
      return;
    }
    add_exit(run, verdict);
    Observation seen;
    seen.claims_made = true;
    seen.claims = claims_in(state.output);
    const std::string claims = fmt::format("{}", fmt::join(seen.claims, "\n"));
    verdict.outcome = outcome_of(tree, verdict.findings) + "+" +
                      outcome_of(std::as_bytes(std::span(claims)));
    if (options_.observe) {
      seen.files = true;
      seen.tree = std::move(tree);
    }
    verdict.seen = std::make_shared<const Observation>(std::move(seen));
  }

  // What e2fsck found stays found.
  void give_up(Verdict& verdict, const std::string& reason) const {
    if (verdict.kind == Verdict::Kind::kClean) {
      make_inconclusive(verdict, fmt::format("{}: {}", program(), reason));
    }
  }

  void add_exit(const ProgramRun& run, Verdict& verdict) const {
    const int code = *run.state.code;
    if (std::ranges::count(options_.clean_exit_codes, code) != 0) {
      return;
    }
    const std::vector<std::string> last = last_lines(run);
    std::string key = fmt::format("{} gave exit code {}", program(), code);
    std::string summary = key;
    if (!last.empty()) {
      key += ": " + complaint_key(last[0]);
      summary += fmt::format(": {}", fmt::join(last.rbegin(), last.rend(), " | "));
    }
    add_finding(verdict, {std::move(key), std::move(summary), true});
  }

  std::string text_;
  std::vector<std::string> words_;
  CheckerOptions options_;
};

}  // namespace

std::vector<std::string> claims_in(std::string_view output) {
  constexpr std::string_view kHave = "have ";
  std::vector<std::string> claims;
  std::unordered_set<std::string_view> known;
  for (std::string_view line : lines_of(output)) {
    if (line.starts_with(kHave) && known.insert(line).second) {
      claims.emplace_back(line.substr(kHave.size()));
    }
  }
  return claims;
}

Result<std::unique_ptr<Checker>> make_files_checker(const std::string& argument,
                                                    const CheckerOptions& options) {
  PC_ASSIGN_OR_RETURN(std::vector<std::string> words, split_words(argument));
  if (words.empty()) {
    return fail(ErrorKind::kUsage, "the files checker needs a program",
                "for example: --checker 'files:sh /path/to/check.sh'");
  }
  if (options.data) {
    return fail(ErrorKind::kUsage,
                "the files checker gives the program all that files hold, unit by unit "
                "it reads nothing",
                "leave out --data");
  }
  PC_RETURN_IF_ERROR(find_e2fsck("the files checker"));
  PC_ASSIGN_OR_RETURN(const fs::path program, find_program(words[0]));
  // It runs in another directory.
  std::error_code ignored;
  words[0] = fs::absolute(program, ignored);
  return std::unique_ptr<Checker>(
      std::make_unique<FilesChecker>(argument, std::move(words), options));
}

}  // namespace powercut
