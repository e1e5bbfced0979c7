// SPDX-License-Identifier: GPL-2.0-only
//
// Every verb. Adding one is a new file with a Command and a line here.

#include "cli/command.h"

namespace powercut {

extern const Command kDoctorCommand;
extern const Command kRecordCommand;
extern const Command kMarkCommand;
extern const Command kStampCommand;
extern const Command kStressCommand;
extern const Command kLogInfoCommand;
extern const Command kLogListCommand;
extern const Command kLogVerifyCommand;
extern const Command kLogConvertCommand;
extern const Command kReplayCommand;
extern const Command kAuditChangesCommand;
extern const Command kAuditOverwritesCommand;
extern const Command kCheckCommand;
extern const Command kCompareCommand;
extern const Command kExplainCommand;
extern const Command kReportCommand;
extern const Command kRunCommand;
extern const Command kGenerateCommand;
extern const Command kModelCommand;
extern const Command kMountCommand;
extern const Command kPerformCommand;
extern const Command kGuestCommand;
extern const Command kGuestAgentCommand;
extern const Command kBlocksCommand;
extern const Command kExtentsCommand;
extern const Command kProbeCommand;
extern const Command kShellCommand;

const std::vector<const Command*>& command_list() {
  static const std::vector<const Command*> kList = {
      &kDoctorCommand,       &kRecordCommand,          &kMarkCommand,
      &kStampCommand,        &kBlocksCommand,          &kStressCommand,
      &kExtentsCommand,      &kLogInfoCommand,         &kLogListCommand,
      &kLogVerifyCommand,    &kLogConvertCommand,      &kReplayCommand,
      &kAuditChangesCommand, &kAuditOverwritesCommand, &kCheckCommand,
      &kExplainCommand,      &kCompareCommand,         &kReportCommand,
      &kRunCommand,          &kGenerateCommand,        &kModelCommand,
      &kMountCommand,        &kShellCommand,           &kGuestCommand,
      &kGuestAgentCommand,   &kPerformCommand,         &kProbeCommand,
  };
  return kList;
}

}  // namespace powercut
