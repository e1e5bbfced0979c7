// SPDX-License-Identifier: GPL-2.0-only
//
// The printing half of scenario.h.

#include "workload/scenario.h"
#include "workload/scenario_lines.h"
#include "workload/words.h"

#include <fmt/format.h>

namespace powercut {

namespace {

class Printer {
 public:
  void line(std::string_view name, std::string_view rest) {
    if (!rest.empty()) {
      text_ += fmt::format("{} {}\n", name, rest);
    }
  }

  void lines(std::string_view name, const std::vector<std::string>& all) {
    for (const std::string& each : all) {
      line(name, each);
    }
  }

  void block(std::string_view name, std::string_view lines) {
    if (!lines.empty()) {
      text_ += fmt::format("{} {{\n{}}}\n", name, indented(lines));
    }
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void print_about(Printer& printer, std::string_view about) {
  while (!about.empty()) {
    const std::size_t end = std::min(about.find('\n'), about.size());
    printer.line("about", about.substr(0, end));
    about.remove_prefix(std::min(end + 1, about.size()));
  }
}

std::string expectation_text(const Expectation& expectation) {
  std::string text = expectation.finding ? "finding" : "clean";
  if (!expectation.text.empty()) {
    text += fmt::format(" {}", in_quotes(expectation.text));
  }
  const std::string kernels = to_text(expectation.kernels);
  return kernels.empty() ? text : fmt::format("{} kernel {}", text, kernels);
}

void print_stack(Printer& printer, const Scenario& scenario) {
  for (const StackDisk& disk : scenario.disks) {
    printer.line("disk", fmt::format("{} {}{}", disk.name, disk.size_bytes,
                                     disk.domain ? fmt::format(" domain {}", *disk.domain)
                                                 : std::string()));
  }
  printer.lines("module", scenario.modules);
  printer.lines("build", scenario.builds);
  printer.line("recorder", scenario.observe ? "observe" : "");
  printer.line("states", scenario.live ? "live" : "");
  printer.line("tier", scenario.inferred ? "inferred" : "");
}

}  // namespace

std::string to_text(const Scenario& scenario) {
  Printer printer;
  print_about(printer, scenario.about);
  printer.lines("source", scenario.sources);
  for (const std::string& each : scenario.needs) {
    printer.line("needs", word_text(each));
  }
  printer.line("fs", scenario.file_system);
  if (scenario.size_bytes != 0) {
    printer.line("size", std::to_string(scenario.size_bytes));
  }
  if (scenario.latency_ms != 0) {
    printer.line("latency", std::to_string(scenario.latency_ms));
  }
  if (scenario.block_bytes != 0) {
    printer.line("block", std::to_string(scenario.block_bytes));
  }
  std::string options;
  for (const std::string& each : scenario.mkfs_options) {
    options += fmt::format("{}{}", options.empty() ? "" : " ", word_text(each));
  }
  printer.line("mkfs", options);
  if (!scenario.mount_options.empty()) {
    printer.line("mount", word_text(scenario.mount_options));
  }
  printer.line("checker", scenario.checker);
  printer.lines("promise", scenario.promises);
  printer.line("atomic", scenario.atomic);
  printer.line("model", scenario.model);
  printer.line("fault", scenario.fault);
  printer.line("depth", scenario.depth == 1 ? "" : std::to_string(scenario.depth));
  printer.line("recovery-fault", scenario.recovery_fault);
  print_stack(printer, scenario);
  for (const Expectation& each : scenario.expectations) {
    printer.line("expect", expectation_text(each));
  }
  printer.block("stack", scenario.stack);
  printer.block("workload", to_text(scenario.workload));
  printer.block("script", scenario.script);
  printer.block("verify", scenario.verify);
  return printer.take();
}

}  // namespace powercut
