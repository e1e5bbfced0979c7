// SPDX-License-Identifier: GPL-2.0-only

#include "cli/check_results.h"

#include "base/subprocess.h"
#include "cli/log_arguments.h"
#include "device/guest/kernel_choice.h"
#include "replay/signature.h"
#include "results/stored_states.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <set>
#include <sstream>

namespace powercut {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// What tells one version of a file from another without reading it.
std::string version_of(const fs::path& path) {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0) {
    return "none";
  }
  return fmt::format("{}:{}:{}.{}", status.st_ino, status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec);
}

// The programs that a checker starts, and the files that its argument names.
Json programs_of(const std::string& checker) {
  std::set<std::string> words = {"e2fsck", "xfs_repair", "btrfs", "fsck.f2fs",
                                 "fsck.vfat"};
  std::string text = checker;
  for (char& letter : text) {
    letter = letter == ':' || letter == '\'' ? ' ' : letter;
  }
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    words.insert(word);
  }
  Json versions = Json::object();
  for (const std::string& word : words) {
    if (const Result<fs::path> program = find_program(word)) {
      versions[word] = version_of(*program);
    } else if (fs::exists(word)) {
      versions[word] = version_of(word);
    }
  }
  return versions;
}

// A scenario's script lies in the directory of the run, which has another name each time;
// the scenario's own version stands for it.
std::string checker_without_run(const CheckSession& session) {
  std::string text = session.context.checker;
  const std::string directory = session.run_dir ? session.run_dir->path().native() : "";
  for (std::size_t at = text.find(directory);
       !directory.empty() && at != std::string::npos; at = text.find(directory, at)) {
    text.replace(at, directory.size(), "RUN");
  }
  return text;
}

std::string kernel_release() {
  struct utsname name {};

  ::uname(&name);
  return fmt::format("{} {}", static_cast<const char*>(name.release),
                     static_cast<const char*>(name.version));
}

std::string environment_of() {
  struct utsname name {};

  ::uname(&name);
  Json json;
  json["kernel"] = kernel_release();
  json["machine"] = static_cast<const char*>(name.machine);
  json["powercut"] = version_of("/proc/self/exe");
  return json.dump();
}

// Without the options of these names and their values.
std::vector<std::string> without_options(const std::vector<std::string>& words,
                                         const std::vector<std::string>& names) {
  std::vector<std::string> rest;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string name = words[i].substr(0, words[i].find('='));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      rest.push_back(words[i]);
    } else if (name == words[i]) {
      ++i;  // its value
    }
  }
  return rest;
}

// The kernel that a guest would boot, with what it loads: another one, or one that was
// built anew in the same place, is another judge.
std::string guest_kernel(const Arguments& arguments) {
  const Result<KernelChoice> kernel =
      choose_kernel(arguments.text("kernel"), arguments.text("modules"));
  if (!kernel) {
    return "none";  // starting it says why
  }
  std::set<fs::path> files;
  if (Result<std::vector<fs::path>> first = boot_modules(kernel->modules, {})) {
    files.insert(first->begin(), first->end());
  }
  if (const auto later = demand_modules(kernel->modules)) {
    for (const auto& [name, paths] : *later) {
      files.insert(paths.begin(), paths.end());
    }
  }
  std::string versions;
  for (const fs::path& file : files) {
    versions += file.native() + " " + version_of(file) + "\n";
  }
  return fmt::format("{} {} {}, {} modules {:016x}", kernel->version,
                     kernel->image.native(), version_of(kernel->image), files.size(),
                     std::hash<std::string>()(versions));
}

bool in_guest(const CheckSession& session, const Arguments& arguments) {
  const Checker& checker = session.checker ? *session.checker : session.judge->checker();
  return checker.needs_mounter() && arguments.text("mount") == "guest";
}

void add_files(const CheckSession& session, const Arguments& arguments, Json& json) {
  if (arguments.has("scenario") && !arguments.text("scenario").empty()) {
    json["scenario"] =
        arguments.text("scenario") + " " + version_of(arguments.text("scenario"));
  }
  if (in_guest(session, arguments)) {
    json["kernel"] = guest_kernel(arguments);
  }
  if (arguments.has("base")) {
    for (const std::string& base :
         arguments.values["base"].as<std::vector<std::string>>()) {
      json["base"].push_back(base.substr(base.rfind('=') + 1) + " " +
                             version_of(base.substr(base.rfind('=') + 1)));
    }
  }
}

}  // namespace

void add_results_options(po::options_description& options) {
  options.add_options()(
      "results", po::value<std::string>(),
      "write down every run in this file, and answer from it what was run before")(
      "resume", po::value<std::string>(),
      "go on with the check that was ended in this file (alone: it knows the rest)");
}

std::vector<std::string> resumed_words(const std::vector<std::string>& words) {
  std::string file;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--resume" && i + 1 < words.size()) {
      file = words[i + 1];
    } else if (words[i].starts_with("--resume=")) {
      file = words[i].substr(std::string_view("--resume=").size());
    }
  }
  if (file.empty()) {
    return words;
  }
  const std::size_t used = words[0] == "--resume" ? 2 : 1;
  if (words.size() != used) {
    throw Failure(Error{ErrorKind::kUsage, "--resume goes with nothing else",
                        "the file knows the log and the options of the check"});
  }
  if (!fs::exists(file)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("there is no {}", file),
                        "--resume names the file that `check --results` made"});
  }
  const std::unique_ptr<ResultStore> store = value_or_throw(ResultStore::open(file));
  const std::optional<StoredSession> session = value_or_throw(store->last_session(true));
  if (!session) {
    throw Failure(
        Error{ErrorKind::kUsage,
              fmt::format("nothing to resume in {}: no check in it was cut off", file),
              "`check LOG --results FILE` answers from it all the same"});
  }
  std::vector<std::string> resumed = session->start.words;
  resumed.push_back("--results=" + fs::absolute(file).native());
  if (::chdir(session->start.directory.c_str()) != 0) {
    throw Failure(system_error(fmt::format("cannot go to {}, where the check was begun",
                                           session->start.directory.native()),
                               errno));
  }
  return resumed;
}

std::string subject_of(const CheckSession& session, const Arguments& arguments) {
  const CrashModel& model = session.model;
  Json json;
  json["log"] = fmt::format("{:016x}", session.recording->log().digest());
  json["format1"] = arguments.text("format1");
  if (session.recording->log().format() == LogFormat::k1) {
    // Its digest is of the entries, and not of what was written.
    json["log_file"] = version_of(arguments.text("LOG"));
  }
  Json sizes = Json::array();
  for (std::uint16_t i = 0; i < session.recording->device_count(); ++i) {
    sizes.push_back(session.recording->size_bytes(i));
  }
  json["sizes"] = std::move(sizes);
  json["model"] =
      fmt::format("{} {} {} {}", to_string(model.device), to_string(model.fault),
                  static_cast<int>(model.discard), model.atomic_bytes);
  json["checker"] = checker_without_run(session);
  // What the baseline subtracts depends on where it is taken.
  json["from"] = session.from;
  for (const char* name : {"clean-exit", "mount", "mount-options"}) {
    json[name] = arguments.text(name);
  }
  json["data"] = arguments.has("data");
  json["programs"] = programs_of(checker_without_run(session));
  json["running"] = kernel_release();
  json["powercut"] = version_of("/proc/self/exe");
  add_files(session, arguments, json);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::unique_ptr<CheckResults> CheckResults::open(const CheckSession& session,
                                                 const Arguments& arguments,
                                                 const std::vector<std::string>& words) {
  if (!arguments.has("results")) {
    return nullptr;
  }
  std::unique_ptr<CheckResults> results(new CheckResults());
  results->path_ = arguments.text("results");
  results->store_ = value_or_throw(ResultStore::open(results->path_));
  results->start_.words = without_options(words, {"--results"});
  // How fast, and where to, is no part of the question.
  std::vector<std::string> asked =
      without_options(words, {"--results", "--json", "--junit", "--jobs"});
  std::erase(asked, "--ktap");
  std::erase(asked, "--github");
  results->start_.question = fmt::format(
      "{} {}", fmt::join(asked, "\n"),
      arguments.has("scenario") ? version_of(arguments.text("scenario")) : "");
  if (arguments.has("cross-check") && arguments.text("mount") == "guest") {
    results->start_.question += " " + guest_kernel(arguments);
  }
  results->start_.directory = fs::current_path();
  results->start_.environment = environment_of();
  results->subject_ =
      value_or_throw(results->store_->subject(subject_of(session, arguments)));
  return results;
}

std::optional<StoredSession> CheckResults::answer() {
  return value_or_throw(store_->answer(subject_, start_.question));
}

void CheckResults::begin(StateRunner& judge,
                         const std::shared_ptr<const Recording>& recording,
                         const std::shared_ptr<const Durability>& durability,
                         bool audit) {
  id_ = value_or_throw(store_->begin_session(subject_, start_));
  if (durability != nullptr) {
    tree_.emplace(*store_, subject_, recording, durability);
  }
  runner_.emplace(judge, *store_, subject_, tree_ ? &*tree_ : nullptr, audit);
}

void CheckResults::attach(StateRunner& judge) {
  runner_.emplace(judge, *store_, subject_);
}

Status CheckResults::teach(const std::shared_ptr<const StateSpace>& space,
                           KnownStates& known) {
  return teach_stored(*store_, subject_, space, known);
}

void CheckResults::windows(const std::vector<Window>& windows) {
  std::vector<std::pair<std::size_t, std::uint32_t>> cuts;
  cuts.reserve(windows.size());
  for (const Window& window : windows) {
    cuts.emplace_back(window.number, window.cut);
  }
  value_or_throw(store_->add_windows(id_, cuts));
}

void CheckResults::end(int exit_code, const Certificate& certificate, bool decided,
                       const std::string& json, const std::string& text) {
  if (certificate.end == EndOfRun::kInterrupted) {
    return;
  }
  std::vector<StoredFinding> findings;
  for (const FailingClass& failing : certificate.findings) {
    findings.push_back(StoredFinding{signature_of(failing), failing.state_id,
                                     failing.verdict.summary(),
                                     to_decimal(failing.states), failing.windows});
  }
  value_or_throw(store_->end_session(id_, {exit_code, decided, json, text}, findings));
}

std::string CheckResults::text() const {
  const std::string agreed =
      runner_->agreed() == 0
          ? ""
          : fmt::format(", {} more followed from what those read", runner_->agreed());
  return fmt::format("results    {}: {} of the runs were in it already{}\n", path_,
                     runner_->answered(), agreed);
}

}  // namespace powercut
