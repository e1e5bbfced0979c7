// SPDX-License-Identifier: GPL-2.0-only
//
// The instants of a log as a tree of names; docs/mount.md lists them.

#pragma once

#include "cli/state_sources.h"
#include "device/instant_tree.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace powercut {

class LogTree final : public InstantTree {
 public:
  // `model`: of the ids below state/. Without `findings` there is no finding/. A finding
  // that is no state of this log: kUsage.
  static Result<std::unique_ptr<LogTree>> make(
      std::shared_ptr<const Recording> recording, const CrashModel& model,
      const std::optional<std::vector<NamedState>>& findings);

  std::optional<InstantEntry> find(const std::string& path) const override;
  std::size_t listed_count(const std::string& directory) const override;
  std::string listed_name(const std::string& directory, std::size_t index) const override;
  Result<std::shared_ptr<const BlockSource>> source(
      const std::string& path) const override;

 private:
  using Instant = std::variant<Cut, NamedState>;

  // What a path is: a directory with these names and perhaps more, an instant, or one
  // disk of an instant.
  struct Place {
    const std::vector<std::string>* names = nullptr;
    std::optional<Instant> instant;
    std::optional<std::uint16_t> device;
  };

  LogTree(std::shared_ptr<const Recording> recording, const CrashModel& model);

  Status add_findings(const std::vector<NamedState>& findings);
  void add_directory(const std::string& name, std::vector<std::string> names);
  std::optional<Place> place(const std::string& path) const;
  std::optional<Instant> instant(const std::string& directory,
                                 const std::string& name) const;

  std::shared_ptr<const Recording> recording_;
  CrashModel model_;
  mutable StateSources sources_;
  std::vector<std::string> root_names_;
  std::vector<std::string> disk_names_;
  std::unordered_map<std::string, std::vector<std::string>> directories_;
  std::vector<Cut> flushes_;
  std::unordered_map<std::string, Cut> marks_;
  std::unordered_map<std::string, NamedState> findings_;
};

}  // namespace powercut
