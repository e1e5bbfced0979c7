// SPDX-License-Identifier: GPL-2.0-only

#include "workload/generate.h"

#include "base/random.h"
#include "tests/unit/workload/performed.h"
#include "workload/dependencies.h"
#include "workload/name_model.h"
#include "workload/workload_text.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace powercut {
namespace {

WorkloadSequence sequence(const GenerateOptions& options) {
  Result<WorkloadSequence> made = WorkloadSequence::make(options);
  INFO((made ? "" : made.error().message));
  REQUIRE(made);
  return std::move(*made);
}

GenerateOptions of_length(unsigned length) {
  GenerateOptions options;
  options.length = length;
  return options;
}

// Every `step`-th workload.
std::vector<Workload> some_of(const WorkloadSequence& all, std::uint64_t step) {
  std::vector<Workload> result;
  for (std::uint64_t i = 0; i < all.count(); i += step) {
    result.push_back(all.at(i));
  }
  return result;
}

std::string swapped(std::string text, const std::string& one, const std::string& other) {
  // Whole words of a path; nothing else of the texts is one of these.
  std::string result;
  std::string word;
  for (char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      word += c;
      continue;
    }
    result += word == one ? other : word == other ? one : word;
    result += c;
    word.clear();
  }
  result.pop_back();
  return result;
}

// The first of the images of a text under both swaps.
std::string least_image(const std::string& text) {
  const std::string files = swapped(text, "foo", "bar");
  return std::min({text, files, swapped(text, "A", "B"), swapped(files, "A", "B")});
}

void check_valid(const Workload& workload) {
  NameModel model;
  for (const Operation& operation : workload.operations) {
    INFO(to_text(operation) << " of\n" << to_text(workload));
    REQUIRE(model.apply(operation));
  }
}

TEST_CASE("there are as many workloads as the documentation says", "[generate]") {
  const WorkloadSequence one = sequence(of_length(1));
  CHECK(one.count() == 446);
  CHECK(one.count_with_duplicates() == 1452);
  const WorkloadSequence two = sequence(of_length(2));
  CHECK(two.count() == 922'686);
  CHECK(two.count_with_duplicates() == 3'575'448);
  const WorkloadSequence three = sequence(of_length(3));
  CHECK(three.count() == 127'317'240);
  CHECK(three.count_with_duplicates() == 497'669'752);
  GenerateOptions nested = of_length(1);
  nested.nested = true;
  CHECK(sequence(nested).count() == 915);
  CHECK(sequence(nested).count_with_duplicates() == 3286);
}

TEST_CASE("counting is what making them one by one gives", "[generate]") {
  for (bool duplicates : {false, true}) {
    GenerateOptions options = of_length(2);
    options.only = {"creat", "symlink", "mkdir"};
    options.keep_duplicates = duplicates;
    WorkloadSequence all = sequence(options);
    std::set<std::string> texts;
    while (std::optional<Workload> workload = all.next()) {
      texts.insert(to_text(*workload));
    }
    CHECK(texts.size() == all.count());
    CHECK(all.count() == (duplicates ? all.count_with_duplicates() : all.count()));
  }
}

TEST_CASE("no two workloads are the same, or the same after a swap", "[generate]") {
  std::vector<GenerateOptions> bounds = {of_length(1), of_length(2), of_length(3)};
  bounds[1].only = {"creat", "rmdir", "mmapwrite"};
  bounds[2].only = {"creat", "mkdir"};
  bounds.push_back(of_length(1));
  bounds[3].nested = true;
  for (GenerateOptions& options : bounds) {
    WorkloadSequence all = sequence(options);
    std::set<std::string> images;
    while (std::optional<Workload> workload = all.next()) {
      images.insert(least_image(to_text(*workload)));
    }
    REQUIRE(images.size() == all.count());
    // And none is missing: those with duplicates have the same images.
    options.keep_duplicates = true;
    WorkloadSequence unreduced = sequence(options);
    CHECK(unreduced.count() == all.count_with_duplicates());
    std::set<std::string> all_images;
    while (std::optional<Workload> workload = unreduced.next()) {
      all_images.insert(least_image(to_text(*workload)));
    }
    CHECK((all_images == images));
  }
}

TEST_CASE("numbers are stable, and seek goes to them", "[generate]") {
  WorkloadSequence all = sequence(of_length(2));
  WorkloadSequence again = sequence(of_length(2));
  for (std::uint64_t i = 0; i < all.count(); i += 100'003) {
    again.seek(i);
    CHECK(again.next() == all.at(i));
    CHECK((i + 1 == all.count() || again.next() == all.at(i + 1)));
  }
  again.seek(all.count() - 1);
  CHECK(again.next());
  CHECK_FALSE(again.next());
}

TEST_CASE("what must be there is synced before the first step", "[generate]") {
  for (const Workload& workload : some_of(sequence(of_length(2)), 1009)) {
    const std::vector<Operation>& all = workload.operations;
    auto mark = std::find_if(all.begin(), all.end(), [](const Operation& each) {
      return each.kind == OpKind::kMark;
    });
    INFO(to_text(workload));
    REQUIRE(mark != all.end());
    CHECK(mark->text == kPreparedMark);
    CHECK((mark == all.begin() || std::prev(mark)->kind == OpKind::kSync));
    CHECK(is_acknowledgement(all.back()));
  }
}

TEST_CASE("a name that is made first is not there before", "[generate]") {
  GenerateOptions options = of_length(2);
  options.only = {"creat", "unlink"};
  std::set<std::string> texts;
  for (const Workload& workload : some_of(sequence(options), 1)) {
    texts.insert(to_text(workload));
  }
  CHECK(texts.count("mark prepared\ncreat foo\nunlink foo\nsync\n") == 1);
  CHECK(texts.count("mkdir A\ncreat A/foo\nwrite A/foo 0 16K\nsync\nmark prepared\n"
                    "unlink A/foo\nfsync A\ncreat A/foo\nfsync A/foo\n") == 1);
}

TEST_CASE("generated workloads are valid and can be written down", "[generate]") {
  std::vector<Workload> all = some_of(sequence(of_length(1)), 1);
  for (unsigned length : {2U, 3U, 4U}) {
    for (bool nested : {false, true}) {
      GenerateOptions options = of_length(length);
      options.nested = nested;
      const WorkloadSequence many = sequence(options);
      for (Workload& each : some_of(many, many.count() / 300)) {
        all.push_back(std::move(each));
      }
    }
  }
  for (const Workload& workload : all) {
    check_valid(workload);
    Result<Workload> parsed = parse_workload(to_text(workload), {"w", 1});
    REQUIRE(parsed);
    for (Operation& operation : parsed->operations) {
      operation.line = 0;
    }
    REQUIRE(*parsed == workload);
  }
}

// The file system of the scratch directory may lack what a workload needs.
bool lacks_it(int error_number) {
  return error_number == EOPNOTSUPP || error_number == EINVAL;
}

void check_performed(const std::vector<Workload>& workloads) {
  std::size_t failed = 0;
  for (const Workload& workload : workloads) {
    ScratchDir scratch;
    PerformOptions options;
    options.root = scratch / ".";
    options.mark = [](std::string_view) { return Status{}; };
    Result<PerformResult> result = perform(workload, options);
    REQUIRE(result);
    if (result->failed) {
      const Operation& operation = workload.operations.at(result->failure.operation);
      INFO(to_text(operation) << ": " << std::strerror(result->failure.error_number)
                              << " of\n"
                              << to_text(workload));
      REQUIRE(lacks_it(result->failure.error_number));
      ++failed;
    }
  }
  // Most must have been done, or nothing was shown.
  CHECK(failed < workloads.size() / 2);
}

TEST_CASE("generated workloads succeed when they are performed", "[generate]") {
  std::vector<Workload> all = some_of(sequence(of_length(1)), 3);
  const WorkloadSequence two = sequence(of_length(2));
  for (Workload& each : some_of(two, two.count() / 50)) {
    all.push_back(std::move(each));
  }
  GenerateOptions nested = of_length(3);
  nested.nested = true;
  const WorkloadSequence three = sequence(nested);
  for (Workload& each : some_of(three, three.count() / 50)) {
    all.push_back(std::move(each));
  }
  check_performed(all);
}

TEST_CASE("words leave operations out, and wrong ones are told", "[generate]") {
  GenerateOptions options = of_length(2);
  options.without = {"falloc", "dwrite"};
  for (const Workload& workload : some_of(sequence(options), 997)) {
    for (const Operation& operation : workload.operations) {
      CHECK(operation.kind != OpKind::kAllocate);
      CHECK(operation.kind != OpKind::kOpen);
    }
  }
  options.only = {"falloc"};
  CHECK_FALSE(WorkloadSequence::make(options));
  options.only = {"renme"};
  Result<WorkloadSequence> unknown = WorkloadSequence::make(options);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == ErrorKind::kUsage);
  CHECK(unknown.error().message == "unknown operation 'renme'");
  CHECK(unknown.error().hint == "did you mean rename?");
  CHECK_FALSE(WorkloadSequence::make(of_length(0)));
  CHECK_FALSE(WorkloadSequence::make(of_length(5)));
}

TEST_CASE("random workloads are valid, long and of every kind", "[generate]") {
  std::set<OpKind> kinds;
  bool unlinked_open_file = false;
  std::vector<Workload> all;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Result<Workload> workload = random_workload(GenerateOptions{}, seed, 100);
    REQUIRE(workload);
    REQUIRE(workload->operations.size() == 100);
    check_valid(*workload);
    NameModel model;
    for (const Operation& operation : workload->operations) {
      kinds.insert(operation.kind);
      REQUIRE(model.apply(operation));
      unlinked_open_file = unlinked_open_file || (operation.kind == OpKind::kUnlink &&
                                                  model.find_handle("h1") != nullptr);
    }
    Result<Workload> parsed = parse_workload(to_text(*workload), {"w", 1});
    REQUIRE(parsed);
    for (Operation& operation : parsed->operations) {
      operation.line = 0;
    }
    REQUIRE(*parsed == *workload);
    if (seed % 4 == 0) {
      all.push_back(*workload);
    }
  }
  CHECK(kinds.size() == 21);
  CHECK(unlinked_open_file);
  check_performed(all);
}

TEST_CASE("a seed gives one random workload, another seed another", "[generate]") {
  Result<Workload> one = random_workload(GenerateOptions{}, 7, 50);
  Result<Workload> same = random_workload(GenerateOptions{}, 7, 50);
  Result<Workload> other = random_workload(GenerateOptions{}, 8, 50);
  REQUIRE((one && same && other));
  CHECK(*one == *same);
  CHECK_FALSE(*one == *other);
  CHECK_FALSE(random_workload(GenerateOptions{}, 1, 0));
  GenerateOptions options;
  options.without = {"rename", "falloc", "dwrite"};
  Result<Workload> less = random_workload(options, 7, 500);
  REQUIRE(less);
  for (const Operation& operation : less->operations) {
    CHECK(operation.kind != OpKind::kRename);
    CHECK(operation.kind != OpKind::kAllocate);
    CHECK_FALSE(operation.flags.direct);
  }
}

}  // namespace
}  // namespace powercut
