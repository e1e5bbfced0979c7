// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/xfs_db.h"

#include "checkers/owner_tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace powercut {

namespace {

constexpr std::size_t kMostAtATime = 1000;  // what argv has room for, many times over
constexpr std::size_t kMostQuestions = 300'000;
constexpr std::chrono::minutes kLongest(5);

std::string mark(std::size_t number) {
  return fmt::format("powercut question {}", number);
}

// What stands behind "byte offset " in the answer of `addr`.
std::optional<std::uint64_t> byte_offset(std::string_view answer) {
  constexpr std::string_view kLabel = "current\n\tbyte offset ";
  if (!answer.starts_with(kLabel)) {
    return std::nullopt;
  }
  answer.remove_prefix(kLabel.size());
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(answer.data(), answer.data() + answer.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<std::string> xfs_commands(const XfsQuestion* begin, std::size_t count) {
  std::vector<std::string> commands;
  for (std::size_t i = 0; i < count; ++i) {
    commands.push_back("echo " + mark(i));
    commands.insert(commands.end(), begin[i].commands.begin(), begin[i].commands.end());
    commands.emplace_back("addr");
    commands.emplace_back("print");
  }
  commands.push_back("echo " + mark(count));
  return commands;
}

std::vector<std::optional<XfsPrint>> parse_xfs_answers(const XfsQuestion* begin,
                                                       std::size_t count,
                                                       std::string_view output) {
  std::vector<std::optional<XfsPrint>> answers(count);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) {
    // A mark ends with a blank and the end of the line; names cannot have that within.
    const std::string own = mark(i) + " \n";
    const std::size_t found = output.find(own, at);
    if (found == std::string_view::npos) {
      continue;
    }
    at = found + own.size();
    const std::size_t end = output.find(mark(i + 1) + " \n", at);
    if (end == std::string_view::npos) {
      continue;  // an answer that may be cut
    }
    const std::string_view answer = output.substr(at, end - at);
    if (byte_offset(answer) == begin[i].byte_offset) {
      answers[i] = XfsPrint::parse(answer);
    }
  }
  return answers;
}

Status XfsDb::ask_some(const XfsQuestion* begin, std::size_t count,
                       std::vector<std::optional<XfsPrint>>& answers) {
  asked_ += count;
  if (asked_ > kMostQuestions) {
    return fail(ErrorKind::kBadInput,
                fmt::format("the file system has more than {} inodes and blocks of trees",
                            kMostQuestions));
  }
  if (std::chrono::steady_clock::now() - begun_ > kLongest) {
    return fail(ErrorKind::kBadInput,
                fmt::format("xfs_db was not done after {} minutes", kLongest.count()));
  }
  PC_ASSIGN_OR_RETURN(const std::string output, run_(xfs_commands(begin, count)));
  for (std::optional<XfsPrint>& answer : parse_xfs_answers(begin, count, output)) {
    answers.push_back(std::move(answer));
  }
  return {};
}

Result<std::vector<std::optional<XfsPrint>>> XfsDb::ask(
    const std::vector<XfsQuestion>& questions) {
  std::vector<std::optional<XfsPrint>> answers;
  for (std::size_t at = 0; at < questions.size(); at += kMostAtATime) {
    const std::size_t count = std::min(kMostAtATime, questions.size() - at);
    PC_RETURN_IF_ERROR(ask_some(questions.data() + at, count, answers));
  }
  return answers;
}

Result<XfsRun> run_xfs_db(const std::filesystem::path& image) {
  PC_RETURN_IF_ERROR(find_owner_tool("xfs_db", "xfsprogs"));
  return [image](const std::vector<std::string>& commands) -> Result<std::string> {
    std::vector<std::string> argv = {"xfs_db", "-r"};
    for (const std::string& command : commands) {
      argv.insert(argv.end(), {"-c", command});
    }
    argv.push_back(image.string());
    // Its exit code is of no use: a field that is not there makes it 1.
    PC_ASSIGN_OR_RETURN(OwnerToolRun done,
                        run_owner_tool(std::move(argv), image.parent_path()));
    return std::move(done.output);
  };
}

}  // namespace powercut
