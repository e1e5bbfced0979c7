// SPDX-License-Identifier: GPL-2.0-only

#include "device/mount_report_json.h"

#include "base/base64.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace powercut {
namespace {

using Json = nlohmann::json;

std::string text_of(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (const char c : bytes) {
    const unsigned byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      text += c;
    } else {  // as UTF-8, two bytes
      text += static_cast<char>(0xC0U | byte >> 6U);
      text += static_cast<char>(0x80U | (byte & 0x3FU));
    }
  }
  return text;
}

std::string bytes_of(const Json& json) {
  const std::string& text = json.get_ref<const std::string&>();
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      bytes += text[i];
      continue;
    }
    if ((lead & 0xFCU) != 0xC0U || i + 1 == text.size()) {
      throw std::invalid_argument("a character that is no byte");
    }
    const unsigned rest = static_cast<unsigned char>(text[++i]) & 0x3FU;
    bytes += static_cast<char>((lead & 0x3U) << 6U | rest);
  }
  return bytes;
}

Json lines_to_json(const std::vector<std::string>& lines) {
  Json json = Json::array();
  for (const std::string& line : lines) {
    json.push_back(text_of(line));
  }
  return json;
}

std::vector<std::string> lines_from_json(const Json& json) {
  std::vector<std::string> lines;
  for (const Json& line : json) {
    lines.push_back(bytes_of(line));
  }
  return lines;
}

// What a node need not have is left out: most trees are many plain files.
Json node_to_json(const FileNode& node) {
  Json json = {{"path", text_of(node.path)}, {"mode", node.mode}, {"links", node.links}};
  const auto add = [&](const char* name, std::uint64_t value) {
    if (value != 0) {
      json[name] = value;
    }
  };
  add("uid", node.uid);
  add("gid", node.gid);
  add("size", node.size_bytes);
  add("device", node.device);
  add("inode", node.inode);
  add("allocated", node.allocated_bytes);
  if (!node.target.empty()) {
    json["target"] = text_of(node.target);
  }
  for (const auto& [name, value] : node.attributes) {
    json["attributes"].push_back({text_of(name), text_of(value)});
  }
  for (const FileExtent& extent : node.extents) {
    json["extents"].push_back(
        {extent.offset_bytes, extent.length_bytes, extent.unwritten ? 1 : 0});
  }
  return json;
}

FileNode node_from_json(const Json& json) {
  FileNode node;
  node.path = bytes_of(json.at("path"));
  node.mode = json.at("mode").get<std::uint32_t>();
  node.links = json.at("links").get<std::uint64_t>();
  node.uid = json.value("uid", 0U);
  node.gid = json.value("gid", 0U);
  node.size_bytes = json.value("size", std::uint64_t{0});
  node.device = json.value("device", std::uint64_t{0});
  node.inode = json.value("inode", std::uint64_t{0});
  node.allocated_bytes = json.value("allocated", std::uint64_t{0});
  if (json.contains("target")) {
    node.target = bytes_of(json.at("target"));
  }
  if (json.contains("attributes")) {
    for (const Json& attribute : json.at("attributes")) {
      node.attributes.emplace_back(bytes_of(attribute.at(0)), bytes_of(attribute.at(1)));
    }
  }
  if (json.contains("extents")) {
    for (const Json& extent : json.at("extents")) {
      node.extents.push_back({extent.at(0).get<std::uint64_t>(),
                              extent.at(1).get<std::uint64_t>(),
                              extent.at(2).get<int>() != 0});
    }
  }
  return node;
}

// Base64, or a number: so many zeros.
Json content_to_json(const std::string& bytes) {
  if (bytes.find_first_not_of('\0') == std::string::npos) {
    return bytes.size();
  }
  return to_base64(bytes);
}

std::string content_from_json(const Json& json) {
  std::optional<std::string> bytes;
  if (json.is_number_unsigned()) {
    bytes = std::string(
        std::min<std::uint64_t>(json.get<std::uint64_t>(), kMaxToldUnitBytes + 1), '\0');
  } else {
    bytes = from_base64(json.get_ref<const std::string&>());
  }
  if (!bytes || bytes->size() > kMaxToldUnitBytes) {
    throw std::invalid_argument("the bytes of a unit are none");
  }
  return std::move(*bytes);
}

// The units file by file, which spares the paths; the bytes only where they were asked
// for.
Json data_to_json(const std::vector<DataUnit>& data) {
  Json json = Json::array();
  const std::string* path = nullptr;
  for (const DataUnit& unit : data) {
    if (path == nullptr || *path != unit.path) {
      json.push_back({{"path", text_of(unit.path)}, {"units", Json::array()}});
    }
    path = &unit.path;
    Json told = {unit.offset_bytes, unit.error, text_of(unit.digest),
                 text_of(unit.problem)};
    if (!unit.bytes.empty()) {
      told.push_back(content_to_json(unit.bytes));
    }
    json.back()["units"].push_back(std::move(told));
  }
  return json;
}

std::vector<DataUnit> data_from_json(const Json& json) {
  std::vector<DataUnit> data;
  for (const Json& file : json) {
    const std::string path = bytes_of(file.at("path"));
    for (const Json& unit : file.at("units")) {
      data.push_back({path, unit.at(0).get<std::uint64_t>(), unit.at(1).get<int>(),
                      bytes_of(unit.at(2)), bytes_of(unit.at(3)),
                      unit.size() > 4 ? content_from_json(unit.at(4)) : std::string()});
    }
  }
  return data;
}

MountRequest request_from(const Json& json) {
  MountRequest request;
  request.type = bytes_of(json.at("type"));
  request.options = bytes_of(json.at("options"));
  request.walk = json.at("walk").get<bool>();
  request.use = json.at("use").get<bool>();
  request.data_unit_bytes = json.at("data_unit_bytes").get<std::uint32_t>();
  request.want_bytes = json.at("want_bytes").get<bool>();
  request.timeout = std::chrono::milliseconds(json.at("timeout_ms").get<std::int64_t>());
  return request;
}

MountReport report_from(const Json& json) {
  MountReport report;
  report.mount_errno = json.at("mount_errno").get<int>();
  for (const Json& node : json.at("tree")) {
    report.tree.push_back(node_from_json(node));
  }
  report.problems = lines_from_json(json.at("problems"));
  report.kernel_messages = lines_from_json(json.at("kernel_messages"));
  report.data = data_from_json(json.at("data"));
  if (json.contains("machine_failure")) {
    report.machine_failure = bytes_of(json.at("machine_failure"));
  }
  report.console_tail = bytes_of(json.at("console_tail"));
  report.timed_out = json.at("timed_out").get<bool>();
  return report;
}

// The library tells what does not fit by exceptions; they end here.
template <class T>
Result<T> read_json(std::string_view text, const char* what, T (*convert)(const Json&)) {
  try {
    return convert(Json::parse(text));
  } catch (const std::exception& exception) {
    return fail(ErrorKind::kBadInput,
                fmt::format("this is no {}: {}", what, exception.what()));
  }
}

}  // namespace

std::string to_json(const MountRequest& request) {
  return Json{{"type", text_of(request.type)},
              {"options", text_of(request.options)},
              {"walk", request.walk},
              {"use", request.use},
              {"data_unit_bytes", request.data_unit_bytes},
              {"want_bytes", request.want_bytes},
              {"timeout_ms", request.timeout.count()}}
      .dump();
}

std::string to_json(const MountReport& report) {
  Json tree = Json::array();
  for (const FileNode& node : report.tree) {
    tree.push_back(node_to_json(node));
  }
  Json json = {{"mount_errno", report.mount_errno},
               {"tree", std::move(tree)},
               {"problems", lines_to_json(report.problems)},
               {"kernel_messages", lines_to_json(report.kernel_messages)},
               {"data", data_to_json(report.data)},
               {"console_tail", text_of(report.console_tail)},
               {"timed_out", report.timed_out}};
  if (report.machine_failure) {
    json["machine_failure"] = text_of(*report.machine_failure);
  }
  return json.dump();
}

Result<MountRequest> mount_request_from_json(std::string_view text) {
  return read_json(text, "request to mount", &request_from);
}

Result<MountReport> mount_report_from_json(std::string_view text) {
  return read_json(text, "report of a mount", &report_from);
}

}  // namespace powercut
