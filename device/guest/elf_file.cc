// SPDX-License-Identifier: GPL-2.0-only

#include "device/guest/elf_file.h"

#include <fmt/format.h>

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace powercut {
namespace {

tl::unexpected<Error> damaged(const std::string& name, const char* what) {
  return fail(ErrorKind::kBadInput, fmt::format("{}: {}", name, what));
}

// The part [offset, offset + length), if the file has it.
std::optional<std::string_view> part_of(std::string_view bytes, std::uint64_t offset,
                                        std::uint64_t length) {
  if (offset > bytes.size() || length > bytes.size() - offset) {
    return std::nullopt;
  }
  return bytes.substr(offset, length);
}

// A table entry, copied out: nothing says that it is aligned.
template <class T>
std::optional<T> entry_at(std::string_view bytes, std::uint64_t offset) {
  const std::optional<std::string_view> part = part_of(bytes, offset, sizeof(T));
  if (!part) {
    return std::nullopt;
  }
  T entry;
  std::memcpy(&entry, part->data(), sizeof entry);
  return entry;
}

Result<Elf64_Ehdr> header_of(std::string_view bytes, const std::string& name) {
  const std::optional<Elf64_Ehdr> header = entry_at<Elf64_Ehdr>(bytes, 0);
  if (!is_elf(bytes) || !header || header->e_ident[EI_CLASS] != ELFCLASS64 ||
      header->e_ident[EI_DATA] != ELFDATA2LSB) {
    return damaged(name, "no 64-bit ELF file");
  }
  return *header;
}

std::optional<Elf64_Shdr> section_at(std::string_view bytes, const Elf64_Ehdr& header,
                                     std::size_t index) {
  if (header.e_shoff > bytes.size()) {
    return std::nullopt;
  }
  return entry_at<Elf64_Shdr>(bytes, header.e_shoff + index * sizeof(Elf64_Shdr));
}

}  // namespace

bool is_elf(std::string_view bytes) {
  return bytes.substr(0, SELFMAG) == std::string_view(ELFMAG, SELFMAG);
}

Result<ElfFile> read_elf(std::string_view bytes, const std::string& name) {
  PC_ASSIGN_OR_RETURN(const Elf64_Ehdr header, header_of(bytes, name));
  ElfFile file;
  file.loaded_bytes = sizeof header;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const std::optional<Elf64_Phdr> segment =
        header.e_phoff > bytes.size()
            ? std::nullopt
            : entry_at<Elf64_Phdr>(bytes, header.e_phoff + i * sizeof(Elf64_Phdr));
    if (!segment) {
      return damaged(name, "its program headers lie behind its end");
    }
    const std::optional<std::string_view> content =
        part_of(bytes, segment->p_offset, segment->p_filesz);
    if (!content) {
      return damaged(name, "a segment lies behind its end");
    }
    file.loaded_bytes =
        std::max(file.loaded_bytes, segment->p_offset + segment->p_filesz);
    if (segment->p_type == PT_INTERP) {
      file.interpreter = content->substr(0, content->find('\0'));
    }
  }
  file.loaded_bytes = std::max<std::uint64_t>(
      file.loaded_bytes, header.e_phoff + header.e_phnum * sizeof(Elf64_Phdr));
  return file;
}

Result<std::map<std::string, std::string>> read_module_info(std::string_view bytes,
                                                            const std::string& name) {
  PC_ASSIGN_OR_RETURN(const Elf64_Ehdr header, header_of(bytes, name));
  const std::optional<Elf64_Shdr> names = section_at(bytes, header, header.e_shstrndx);
  if (!names) {
    return damaged(name, "its section headers lie behind its end");
  }
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const std::optional<Elf64_Shdr> section = section_at(bytes, header, i);
    const std::optional<std::string_view> all_names =
        part_of(bytes, names->sh_offset, names->sh_size);
    if (!section || !all_names || section->sh_name >= all_names->size()) {
      return damaged(name, "its section headers lie behind its end");
    }
    const std::string_view rest = all_names->substr(section->sh_name);
    if (rest.substr(0, rest.find('\0')) != ".modinfo") {
      continue;
    }
    std::optional<std::string_view> text =
        part_of(bytes, section->sh_offset, section->sh_size);
    if (!text) {
      return damaged(name, "its .modinfo lies behind its end");
    }
    std::map<std::string, std::string> info;
    while (!text->empty()) {
      const std::string_view line = text->substr(0, text->find('\0'));
      const std::size_t equals = line.find('=');
      if (equals != std::string_view::npos) {
        info[std::string(line.substr(0, equals))] = line.substr(equals + 1);
      }
      text->remove_prefix(std::min(line.size() + 1, text->size()));
    }
    return info;
  }
  return damaged(name, "no kernel module: it has no .modinfo");
}

}  // namespace powercut
