// SPDX-License-Identifier: GPL-2.0-only

#include "workload/acknowledgements.h"

#include "workload/workload_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace powercut {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) {
      words.push_back(text.substr(at, end - at));
    }
    at = end + 1;
  }
  return words;
}

std::optional<std::uint64_t> number_of(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() && !word.empty()
             ? std::optional(value)
             : std::nullopt;
}

Error wrong_mark(std::string_view text, std::string why) {
  return Error{ErrorKind::kBadInput,
               fmt::format("the mark '{}' is none of this workload: {}", text, why),
               "was the log recorded with another version of the scenario?"};
}

class MarkReader {
 public:
  explicit MarkReader(const Workload& workload) : workload_(workload) {}

  Status read(const Mark& mark) {
    const std::vector<std::string_view> words = words_of(mark.text);
    if (words.empty()) {
      return {};
    }
    if (words[0] == "begin" && words.size() == 1) {
      acks_.begun = true;
    } else if (acks_.begun && words[0] == "ack") {
      PC_RETURN_IF_ERROR(acknowledge(mark, words));
      return read_inodes(mark, words, 2);
    } else if (acks_.begun && words[0] == "operations-done") {
      return read_inodes(mark, words, 1);
    } else if (acks_.begun && words[0] == "made") {
      return read_inodes(mark, words, 1);
    } else if (acks_.begun && words[0] == "failed") {
      return read_inodes(mark, words, 3);
    }
    return {};
  }

  Acknowledgements take() { return std::move(acks_); }

 private:
  Status acknowledge(const Mark& mark, const std::vector<std::string_view>& words) {
    const std::optional<std::uint64_t> number =
        words.size() < 2 ? std::nullopt : number_of(words[1]);
    if (!number || *number >= workload_.operations.size()) {
      return fail(wrong_mark(mark.text, "there is no such operation"));
    }
    const Operation& operation = workload_.operations[*number];
    if (!is_acknowledgement(operation)) {
      return fail(wrong_mark(
          mark.text, fmt::format("'{}' acknowledges nothing", to_text(operation))));
    }
    for (const std::size_t earlier : acks_.operations) {
      if (earlier >= *number &&
          workload_.operations[earlier].thread == operation.thread) {
        return fail(wrong_mark(mark.text, "it comes after a later one"));
      }
    }
    acks_.operations.push_back(*number);
    acks_.positions.push_back(mark.at);
    return {};
  }

  Status read_inodes(const Mark& mark, const std::vector<std::string_view>& words,
                     std::size_t first) {
    for (std::size_t i = first; i < words.size(); ++i) {
      const std::size_t colon = words[i].find(':');
      const auto operation = colon == std::string_view::npos
                                 ? std::nullopt
                                 : number_of(words[i].substr(0, colon));
      const auto inode = operation ? number_of(words[i].substr(colon + 1)) : std::nullopt;
      if (!inode || *operation >= workload_.operations.size()) {
        return fail(wrong_mark(mark.text, fmt::format("'{}' names no inode", words[i])));
      }
      acks_.inode_numbers[*operation] = *inode;
    }
    return {};
  }

  const Workload& workload_;
  Acknowledgements acks_;
};

const Workload::Group* group_of(const Workload& workload, std::size_t operation) {
  for (const Workload::Group& group : workload.groups) {
    if (operation >= group.first && operation < group.last) {
      return &group;
    }
  }
  return nullptr;
}

// The first acknowledgement of `thread` in [from, to) that `given` does not have; `to`.
std::size_t next_acknowledgement(const Workload& workload, std::size_t from,
                                 std::size_t to, std::uint32_t thread,
                                 const std::set<std::size_t>& given) {
  for (std::size_t i = from; i < to; ++i) {
    if (workload.operations[i].thread == thread && !given.contains(i) &&
        is_acknowledgement(workload.operations[i])) {
      return i;
    }
  }
  return to;
}

}  // namespace

Result<Acknowledgements> read_acknowledgements(const Timeline& timeline,
                                               const Workload& workload) {
  MarkReader reader(workload);
  for (const Mark& mark : timeline.marks()) {
    PC_RETURN_IF_ERROR(reader.read(mark));
  }
  Acknowledgements acks = reader.take();
  if (!acks.begun) {
    return fail(ErrorKind::kBadInput,
                "the log has no mark 'begin': it is no recording of this workload",
                "record the scenario with `powercut run --keep DIR`");
  }
  return acks;
}

bool StepBound::in_threads(Step step) const {
  const std::size_t operation = step - 1;
  if (operation >= groups_->operations.size()) {
    return false;
  }
  const auto bound = threads_.find(groups_->operations[operation].thread);
  return group_of(*groups_, operation) == group_of(*groups_, bound_) &&
         bound != threads_.end() && step <= bound->second;
}

// Within a group, another thread is known to have come as far as its last mark.
StepBound StepBound::done_at(const Workload& workload, const Acknowledgements& acks,
                             std::size_t index) {
  const std::size_t operation = acks.operations[index];
  const Workload::Group* const group = group_of(workload, operation);
  if (group == nullptr) {
    return StepBound(static_cast<Step>(operation + 1));
  }
  StepBound bound(static_cast<Step>(group->first));
  bound.groups_ = &workload;
  // This thread's acknowledgement began after its own mark before; what others had
  // acknowledged by then was done.
  std::size_t began = 0;
  for (std::size_t i = 0; i < index; ++i) {
    if (workload.operations[acks.operations[i]].thread ==
        workload.operations[operation].thread) {
      began = i;
    }
  }
  for (std::size_t i = 0; i < began; ++i) {
    if (acks.operations[i] >= group->first) {
      bound.threads_[workload.operations[acks.operations[i]].thread] =
          static_cast<Step>(acks.operations[i] + 1);
    }
  }
  bound.threads_[workload.operations[operation].thread] =
      static_cast<Step>(operation + 1);
  return bound;
}

StepBound StepBound::begun_after(const Workload& workload, const Acknowledgements& acks,
                                 std::size_t count) {
  const std::set<std::size_t> given(
      acks.operations.begin(),
      acks.operations.begin() + static_cast<std::ptrdiff_t>(count));
  const std::size_t last =
      given.empty() ? 0 : *std::max_element(given.begin(), given.end());
  std::size_t at = 0;
  while (at < workload.operations.size()) {
    const Workload::Group* const group = group_of(workload, at);
    if (group == nullptr) {
      if (is_acknowledgement(workload.operations[at]) && !given.contains(at) &&
          at >= last) {
        return StepBound(static_cast<Step>(at + 1));
      }
      ++at;
      continue;
    }
    std::set<std::uint32_t> threads;
    for (std::size_t i = group->first; i < group->last; ++i) {
      threads.insert(workload.operations[i].thread);
    }
    StepBound bound(static_cast<Step>(group->first));
    bound.groups_ = &workload;
    bool whole = true;
    for (const std::uint32_t thread : threads) {
      const std::size_t next =
          next_acknowledgement(workload, group->first, group->last, thread, given);
      whole = whole && next == group->last;
      bound.threads_[thread] = static_cast<Step>(std::min(next + 1, group->last));
    }
    const bool behind = last >= group->last;
    if (!whole && !behind) {
      return bound;
    }
    at = group->last;
  }
  return StepBound(static_cast<Step>(workload.operations.size()));
}

}  // namespace powercut
