// SPDX-License-Identifier: GPL-2.0-only

#include "cli/finding_words.h"

#include "cli/command.h"
#include "results/result_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>
#include <optional>

namespace powercut {

namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

// Takes `--name VALUE` or `--name=VALUE` out of the words.
std::optional<std::string> take_option(Words& words, const std::string& name) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto at = words.begin() + static_cast<std::ptrdiff_t>(i);
    if (words[i] == name && i + 1 < words.size()) {
      std::string value = words[i + 1];
      words.erase(at, at + 2);
      return value;
    }
    if (words[i].starts_with(name + "=")) {
      std::string value = words[i].substr(name.size() + 1);
      words.erase(at);
      return value;
    }
  }
  return std::nullopt;
}

// The words of `check` that `explain` does not know, or that say how the check went on.
void drop_words_of_check(Words& words) {
  for (const char* name : {"--json", "--junit", "--max-runs", "--time", "--stop-after",
                           "--audit", "--jobs", "--timeout"}) {
    while (take_option(words, name)) {
    }
  }
  for (const char* name :
       {"--ktap", "--github", "--explain", "--require-complete", "--cross-check"}) {
    std::erase(words, name);
  }
}

// Index of the finding with this number, from 1, or the first one of this state.
std::size_t find(const std::vector<StoredFinding>& findings, const std::string& which,
                 const std::string& file) {
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].state_id == which) {
      return i;
    }
  }
  std::size_t number = 0;
  const auto [end, error] =
      std::from_chars(which.data(), which.data() + which.size(), number);
  if (error != std::errc() || end != which.data() + which.size() || number == 0 ||
      number > findings.size()) {
    throw Failure(Error{
        ErrorKind::kUsage,
        findings.empty()
            ? fmt::format("the last check in {} found nothing to explain", file)
            : fmt::format("'{}' is no finding of the last check in {}", which, file),
        findings.empty() ? std::string()
                         : fmt::format("they are 1 to {}, or the ids of their "
                                       "states, the first is {}",
                                       findings.size(), findings[0].state_id)});
  }
  return number - 1;
}

// Which probe complained: one state can have findings of several.
std::string probe_of(const StoredSession& session, std::size_t finding) {
  const nlohmann::json json =
      nlohmann::json::parse(session.end.certificate, nullptr, false);
  try {
    return json.at("findings").at(finding).at("probe").get<std::string>();
  } catch (const nlohmann::json::exception&) {
    return "";
  }
}

// A path of ours, from wherever we go.
void keep_path(Words& words, const std::string& name) {
  if (const std::optional<std::string> path = take_option(words, name)) {
    words.push_back(name + "=" + (*path == "-" ? *path : fs::absolute(*path).native()));
  }
}

}  // namespace

std::vector<std::string> words_of_finding(const std::vector<std::string>& words) {
  Words rest = words;
  const std::optional<std::string> which = take_option(rest, "--finding");
  if (!which) {
    return words;
  }
  const std::optional<std::string> file = take_option(rest, "--results");
  if (!file) {
    throw Failure(Error{ErrorKind::kUsage, "--finding without --results",
                        "which file has it? `powercut check LOG --results FILE` keeps "
                        "what it finds; or give LOG and --state"});
  }
  if (!fs::exists(*file)) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("there is no {}", *file),
                        "--results names a file that `check --results` made"});
  }
  const std::unique_ptr<ResultStore> store = value_or_throw(ResultStore::open(*file));
  const std::optional<StoredSession> session =
      value_or_throw(store->last_ended_session());
  if (!session) {
    throw Failure(Error{ErrorKind::kUsage, fmt::format("no check in {} ended", *file),
                        "`powercut check --resume FILE` goes on with it"});
  }
  const std::vector<StoredFinding> findings =
      value_or_throw(store->findings(session->id));
  Words all = session->start.words;
  drop_words_of_check(all);
  const std::size_t index = find(findings, *which, *file);
  all.push_back("--state=" + findings[index].state_id);
  std::optional<std::string> probe = take_option(rest, "--probe");
  all.push_back("--probe=" + (probe ? *probe : probe_of(*session, index)));
  all.push_back("--results=" + fs::absolute(*file).native());
  keep_path(rest, "--json");
  keep_path(rest, "--export");
  all.insert(all.end(), rest.begin(), rest.end());
  if (::chdir(session->start.directory.c_str()) != 0) {
    throw Failure(system_error(fmt::format("cannot go to {}, where the check was begun",
                                           session->start.directory.native()),
                               errno));
  }
  return all;
}

}  // namespace powercut
