// SPDX-License-Identifier: GPL-2.0-only
//
// Exact counts of states: they do not fit into 64 bits.

#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include <string>

namespace powercut {

using BigCount = boost::multiprecision::cpp_int;

// Decimal digits, for certificates and JSON.
inline std::string to_decimal(const BigCount& count) {
  return count.str();
}

}  // namespace powercut
