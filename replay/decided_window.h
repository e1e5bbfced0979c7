// SPDX-License-Identifier: GPL-2.0-only
//
// What one window came to: its verdict, and its classes with theirs. For those who write
// down an exploration while it goes on; the certificate has the sums of all windows.

#pragma once

#include "base/big_count.h"
#include "base/result.h"
#include "replay/verdict.h"
#include "replay/window.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace powercut {

// The states of one window that a probe cannot tell apart. Of the inferred tier: those
// that were run and had the same answer.
struct StateClass {
  std::string probe;     // "base", or a further probe's name
  std::string state_id;  // of the run that decided it, maybe of another window; empty: it
                         // was made in an earlier exploration of the same explorer
  Verdict::Kind kind = Verdict::Kind::kClean;
  std::string summary;  // of the verdict, in one line
  BigCount states = 0;  // how many of the window; inferred tier: how many were run
};

struct DecidedWindow {
  // How far what is said of it holds.
  enum class Tier {
    kProved,    // for every permitted state
    kInferred,  // as the inference says (InferredWindow in replay/certificate.h)
    kOpen,      // for the classes that are here: a budget ended it, or some states could
                // not be judged
  };

  Window window;
  Tier tier = Tier::kOpen;
  BigCount permitted = 0;
  BigCount decided = 0;  // by proof; 0 in the inferred tier
  std::vector<StateClass> classes;

  // Findings if a class has some, clean if all is, else inconclusive.
  Verdict::Kind kind() const {
    bool clean = tier != Tier::kOpen;
    for (const StateClass& each : classes) {
      if (each.kind == Verdict::Kind::kFindings) {
        return Verdict::Kind::kFindings;
      }
      clean = clean && each.kind == Verdict::Kind::kClean;
    }
    return clean ? Verdict::Kind::kClean : Verdict::Kind::kInconclusive;
  }
};

// Called from the exploration's thread, once for each window: when its last class is
// closed, or at the end if it is still open then. An Error ends the exploration.
using OnDecidedWindow = std::function<Status(const DecidedWindow&)>;

}  // namespace powercut
