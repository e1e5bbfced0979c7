// SPDX-License-Identifier: GPL-2.0-only
//
// Kernels and modules for guests: what their files say.

#include "device/guest/kernel_choice.h"
#include "device/guest/module_tree.h"
#include "tests/support/scratch_dir.h"

#include <catch2/catch.hpp>

#include <elf.h>

#include <cstring>
#include <fstream>

namespace powercut {
namespace {

namespace fs = std::filesystem;

std::string bzimage(const std::string& version) {
  std::string image(0x4000, '\0');
  image[0x1FE] = '\x55';
  image[0x1FF] = '\xAA';
  image.replace(0x202, 4, "HdrS");
  image[0x206] = 0x0F;
  image[0x207] = 0x02;
  image[0x20F] = 0x30;  // 0x3000 + 0x200
  image.replace(0x3200, version.size(), version);
  return image;
}

// An ELF file with a .modinfo section and nothing else.
std::string module_with(const std::string& modinfo) {
  const std::string names("\0.modinfo\0.shstrtab\0", 20);
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shoff = sizeof header + modinfo.size() + names.size();
  header.e_shnum = 3;
  header.e_shstrndx = 2;
  Elf64_Shdr sections[3] = {};
  sections[1].sh_name = 1;
  sections[1].sh_offset = sizeof header;
  sections[1].sh_size = modinfo.size();
  sections[2].sh_name = 10;
  sections[2].sh_offset = sizeof header + modinfo.size();
  sections[2].sh_size = names.size();
  std::string file(reinterpret_cast<const char*>(&header), sizeof header);
  file += modinfo + names;
  file.append(reinterpret_cast<const char*>(sections), sizeof sections);
  return file;
}

void write(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// An installed tree for version 1.2.3, in which b needs a, and v is built in.
fs::path make_tree(const ScratchDir& scratch) {
  const fs::path tree = scratch / "1.2.3";
  write(tree / "modules.dep",
        "kernel/a.ko:\n"
        "kernel/fs/b-x.ko: kernel/a.ko\n"
        "kernel/c.ko: kernel/fs/b-x.ko kernel/a.ko\n");
  write(tree / "modules.builtin", "kernel/drivers/v.ko\n");
  return tree;
}

TEST_CASE("the version of a bzImage is read from its header", "[device][guest]") {
  CHECK(value_or_throw(bzimage_version(bzimage("6.1.0-9-cloud (builder@host) #1 SMP"),
                                       "k")) == "6.1.0-9-cloud");
}

TEST_CASE("what is no bzImage, or is cut off, is refused", "[device][guest]") {
  const std::string image = bzimage("6.1.0");
  for (const std::size_t size : {0UL, 1UL, 0x1FFUL, 0x20EUL, 0x20FUL}) {
    CHECK_FALSE(bzimage_version(image.substr(0, size), "k"));
  }
  const Result<std::string> cut = bzimage_version(image.substr(0, 0x3202), "k");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().message.find("cut off") != std::string::npos);
  CHECK_FALSE(bzimage_version(std::string(0x4000, 'x'), "k"));
  std::string old = image;
  old[0x207] = 1;  // boot protocol 1.15
  CHECK_FALSE(bzimage_version(old, "k"));
}

TEST_CASE("module names have no paths, endings and dashes", "[device][guest]") {
  CHECK(module_name("kernel/drivers/md/dm-mod.ko") == "dm_mod");
  CHECK(module_name("virtio-rng") == "virtio_rng");
  CHECK(module_name("/x/y_z.ko.xz") == "y_z");
}

TEST_CASE("modules load after what they need, and once", "[device][guest]") {
  const ScratchDir scratch;
  const ModuleTree tree = value_or_throw(ModuleTree::open(make_tree(scratch)));
  CHECK(tree.kernel_version() == "1.2.3");
  const fs::path root = tree.directory();
  CHECK(value_or_throw(tree.load_order({"c", "v", "a"})) ==
        std::vector<fs::path>{root / "kernel/a.ko", root / "kernel/fs/b-x.ko",
                              root / "kernel/c.ko"});
  CHECK(value_or_throw(tree.load_order({"v"})).empty());
  CHECK(tree.has("b_x"));
  CHECK(tree.has("v"));
  CHECK_FALSE(tree.has("w"));
  CHECK_FALSE(tree.load_order({"w"}));
}

TEST_CASE("a build tree tells dependencies in its modules", "[device][guest]") {
  const ScratchDir scratch;
  const fs::path tree = scratch / "linux";
  write(tree / "include/config/kernel.release", "6.9.0-mine\n");
  write(tree / "modules.order", "lib/a.o\nfs/b-x.o\n");
  write(tree / "modules.builtin", "kernel/lib/v.ko\n");
  write(tree / "lib/a.ko", module_with(std::string("depends=\0name=a\0", 16)));
  write(tree / "fs/b-x.ko", module_with(std::string("depends=a,v\0name=b_x\0", 21)));
  const ModuleTree modules = value_or_throw(ModuleTree::open(tree));
  CHECK(modules.kernel_version() == "6.9.0-mine");
  CHECK(value_or_throw(modules.load_order({"b-x"})) ==
        std::vector<fs::path>{modules.directory() / "lib/a.ko",
                              modules.directory() / "fs/b-x.ko"});
  CHECK(value_or_throw(modules_needed_by({tree / "fs/b-x.ko", tree / "lib/a.ko"})) ==
        std::vector<std::string>{"v"});
}

TEST_CASE("a directory that holds no modules is refused", "[device][guest]") {
  const ScratchDir scratch;
  fs::create_directories(scratch / "empty");
  const Result<ModuleTree> tree = ModuleTree::open(scratch / "empty");
  REQUIRE_FALSE(tree);
  CHECK(tree.error().message.find("no modules.dep") != std::string::npos);
  CHECK_FALSE(ModuleTree::open(scratch / "absent"));
}

TEST_CASE("an image and modules of two kernels are refused", "[device][guest]") {
  const ScratchDir scratch;
  const fs::path tree = make_tree(scratch);
  write(scratch / "image", bzimage("1.2.4 x"));
  const Result<KernelChoice> choice = choose_kernel(scratch / "image", tree);
  REQUIRE_FALSE(choice);
  CHECK(choice.error().kind == ErrorKind::kUsage);
  write(scratch / "image", bzimage("1.2.3 x"));
  CHECK(value_or_throw(choose_kernel(scratch / "image", tree)).version == "1.2.3");
  write(tree / "vmlinuz", bzimage("1.2.3 x"));
  CHECK(value_or_throw(choose_kernel({}, tree)).image == fs::canonical(tree) / "vmlinuz");
}

TEST_CASE("a kernel that cannot be a guest is refused by name", "[device][guest]") {
  const ScratchDir scratch;
  const ModuleTree tree = value_or_throw(ModuleTree::open(make_tree(scratch)));
  const auto files = boot_modules(tree, {});
  REQUIRE_FALSE(files);
  CHECK(files.error().hint.find("CONFIG_VIRTIO_BLK") != std::string::npos);
}

TEST_CASE("a module of another kernel is refused", "[device][guest]") {
  const ScratchDir scratch;
  const std::string info("vermagic=6.1.0-9 SMP mod_unload \0", 33);
  write(scratch / "m.ko", module_with(info));
  CHECK(check_module_version(scratch / "m.ko", "6.1.0-9"));
  const Status status = check_module_version(scratch / "m.ko", "6.1.0-91");
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find("6.1.0-9,") != std::string::npos);
  write(scratch / "text.ko", "no module");
  CHECK_FALSE(check_module_version(scratch / "text.ko", "6.1.0-9"));
  const std::string whole = module_with(info);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write(scratch / "cut.ko", whole.substr(0, size));
    CHECK_FALSE(check_module_version(scratch / "cut.ko", "6.1.0-9"));
  }
}

}  // namespace
}  // namespace powercut
