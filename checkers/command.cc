// SPDX-License-Identifier: GPL-2.0-only

#include "checkers/command.h"

#include "base/subprocess.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace powercut {

Result<std::vector<std::string>> split_words(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    constexpr std::string_view kQuotable = "\"\\$`";  // within "..."
    if (c == '\\' && quote != '\'' && i + 1 < text.size() &&
        (quote == '\0' || kQuotable.find(text[i + 1]) != std::string_view::npos)) {
      word += text[++i];
      in_word = true;
    } else if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      in_word = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (in_word) {
        words.push_back(std::move(word));
        word.clear();
        in_word = false;
      }
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != '\0') {
    return fail(ErrorKind::kUsage, fmt::format("a quote is not closed in: {}", text));
  }
  if (in_word) {
    words.push_back(std::move(word));
  }
  return words;
}

namespace {

class CommandChecker : public Checker {
 public:
  CommandChecker(std::string text, std::vector<std::string> words, CheckerOptions options)
      : text_(std::move(text)), words_(std::move(words)), options_(std::move(options)) {}

  std::string name() const override { return "command:" + text_; }

  Result<Judgement> run(const Subject& subject) const override {
    SubprocessOptions command;
    command.timeout = options_.timeout;
    command.working_directory = subject.scratch;
    for (const std::string& word : words_) {
      PC_ASSIGN_OR_RETURN(std::string argument, with_disks(word, subject));
      command.argv.push_back(std::move(argument));
    }
    PC_ASSIGN_OR_RETURN(ExitState state, run_subprocess(command));
    Verdict verdict;
    verdict.output = state.output;
    if (state.timed_out || state.interrupted || state.signal) {
      verdict.kind = Verdict::Kind::kInconclusive;
      verdict.reason = fmt::format("{}: {}", words_[0], to_string(state));
    } else if (std::find(options_.clean_exit_codes.begin(),
                         options_.clean_exit_codes.end(),
                         *state.code) == options_.clean_exit_codes.end()) {
      verdict.kind = Verdict::Kind::kFindings;
      verdict.findings.push_back(
          Finding{fmt::format("exit {}", *state.code),
                  fmt::format("{} gave exit code {}{}", words_[0], *state.code,
                              last_line(state.output)),
                  true});
    }
    return base_only(std::move(verdict));
  }

 private:
  static std::string last_line(const std::string& output) {
    std::size_t end = output.find_last_not_of(" \n\r\t");
    if (end == std::string::npos) {
      return "";
    }
    std::size_t begin = output.find_last_of('\n', end);
    begin = begin == std::string::npos ? 0 : begin + 1;
    constexpr std::size_t kShown = 160;
    return ": " + output.substr(begin, std::min(end + 1 - begin, kShown));
  }

  static Result<std::string> with_disks(std::string word, const Subject& subject) {
    for (std::size_t i = subject.disks.size(); i-- > 0;) {
      for (const std::string& token :
           {fmt::format("{{{}}}", i), std::string(i == 0 ? "{}" : "")}) {
        std::size_t at = token.empty() ? std::string::npos : word.find(token);
        while (at != std::string::npos) {
          std::string path = subject.disks[i].string();
          word.replace(at, token.size(), path);
          at = word.find(token, at + path.size());
        }
      }
    }
    return word;
  }

  std::string text_;
  std::vector<std::string> words_;
  CheckerOptions options_;
};

}  // namespace

Result<std::unique_ptr<Checker>> make_command_checker(const std::string& argument,
                                                      const CheckerOptions& options) {
  PC_ASSIGN_OR_RETURN(std::vector<std::string> words, split_words(argument));
  if (options.data) {
    return fail(ErrorKind::kUsage, "the command checker does not read what files hold",
                "leave out --data, or have the program read them itself");
  }
  if (words.empty()) {
    return fail(ErrorKind::kUsage, "the command checker needs a program",
                "for example: --checker 'command:e2fsck -fn {}'");
  }
  bool names_disk = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.find("{}") != std::string::npos || word.find("{0}") != std::string::npos;
  });
  if (!names_disk) {
    return fail(
        ErrorKind::kUsage,
        fmt::format("the command '{}' does not say where the disk goes", argument),
        "write {} where the path of the disk belongs");
  }
  // A program that is not there is known now, not after the first state.
  PC_RETURN_IF_ERROR(find_program(words[0]));
  return std::unique_ptr<Checker>(
      std::make_unique<CommandChecker>(argument, std::move(words), options));
}

}  // namespace powercut
