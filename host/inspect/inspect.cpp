#include "host/inspect/inspect.hpp"

#include <fstream>

#include "host/inspect/treemap.hpp"
#include "host/plan/plan.hpp"
#include "host/root/libraries.hpp"
#include "wire/bundle.hpp"
#include "wire/manifest.hpp"

namespace spore::host {

namespace {

namespace elf = wire::elf;

/// The part of EROFS's superblock that says what it holds [Linux: Documentation/filesystems/erofs].
struct ErofsSuperblock {
    le32 magic, checksum, compatible_features;
    u8 block_bits, extension_slots;
    le16 root;
    le64 inodes, build_seconds;
    le32 build_nanoseconds, blocks;
};
constexpr u64 erofs_offset = 1024;
constexpr u32 erofs_magic = 0xe0f5e1e2;

struct Lines {
    std::string text;
    void add(std::string_view key, std::string_view value) { text += fmt::format("{:<14} {}\n", key, value); }
};

bool inspect_erofs(Lines& lines, ByteSpan bytes) {
    auto* super = view_at<ErofsSuperblock>(bytes, erofs_offset);
    if (!super || super->magic != erofs_magic) return false;
    lines.add("root image", fmt::format("EROFS, {} files and folders, {} KiB", u64{super->inodes}, (u64{super->blocks} << super->block_bits) >> 10));
    if (auto contents = read_contents(bytes)) lines.text += format_tree(*contents);
    else lines.add("files", "damaged, or of a kind that is not read here");
    return true;
}

Outcome<std::string> inspect_bundle(const fs::path& file, ByteSpan bytes) {
    auto bundle = wire::Bundle::parse(bytes);
    auto manifest = bundle ? wire::Manifest::parse(bundle->manifest) : std::unexpected(bundle.error());
    if (!manifest) return failure(ExitStatus::damaged_program, "{} is a damaged bundle, or one of another version: make it again", file.string());
    Lines lines;
    lines.add("kind", "bundle");
    lines.add("program", manifest->program());
    manifest->for_each_argument([&](std::string_view text) { lines.add("argument", text); });
    manifest->for_each_environment([&](std::string_view text) { lines.add("environment", text); });
    lines.add("directory", manifest->directory());
    manifest->for_each_file([&](const wire::Manifest::File& item) { lines.add("file", fmt::format("{}, {} bytes", item.path, item.content.size())); });
    lines.add("mode", name_of(manifest->mode()));
    lines.add("log", name_of(manifest->log_level()));
    if (bundle->root.empty()) lines.add("root image", "on a disk of its own");
    else if (!inspect_erofs(lines, bundle->root)) lines.add("root image", "damaged: it is not EROFS");
    return lines.text;
}

Outcome<std::string> inspect_program(const fs::path& file, ByteSpan bytes) {
    auto header = elf::parse_header(bytes, facts_of(architecture_of(bytes).value_or(native_architecture)).machine);
    if (!header) return std::unexpected(explain(header.error(), file, bytes));
    auto headers = elf::ProgramHeaders::parse(*header, slice(bytes, header->table_offset, header->table_size()).value_or(ByteSpan{}), bytes.size());
    if (!headers) return std::unexpected(explain(headers.error(), file, bytes));
    auto dynamic = elf::Dynamic::parse(bytes, *headers);
    if (!dynamic) return std::unexpected(explain(dynamic.error(), file, bytes));
    auto interpreter = headers->find(elf::SegmentType::interpreter);
    Lines lines;
    lines.add("kind", fmt::format("ELF program for {}, {}{}", title_of_machine(static_cast<u16>(header->machine)), interpreter ? "dynamic" : "static", header->relocatable() ? ", position-independent" : ""));
    lines.add("entry", fmt::format("{:#x}", header->entry));
    headers->for_each_load([&](const elf::Segment& segment) {
        lines.add("segment", fmt::format("{:#x}-{:#x} {}{}{}", segment.address, segment.end(), segment.readable() ? "r" : "-",
                                         segment.writable() ? "w" : "-", segment.executable() ? "x" : "-"));
    });
    if (interpreter)
        lines.add("interpreter", elf::interpreter_path(bytes.subspan(interpreter->offset, interpreter->file_size)).value_or("(damaged)"));
    dynamic->for_each_needed([&](std::string_view name) { lines.add("library", name); });
    if (dynamic->rpath()) lines.add("rpath", *dynamic->rpath());
    if (dynamic->runpath()) lines.add("runpath", *dynamic->runpath());
    return lines.text;
}

Outcome<Content> contents_of(const fs::path& path, ByteSpan bytes) {
    bool is_bundle = false;
    Content whole{.name = path.filename().string(), .folder = true};
    ByteSpan root = bytes;
    if (auto* magic = view_at<le64>(bytes, 0); magic && *magic == abi::bundle_magic) {
        auto bundle = wire::Bundle::parse(bytes);
        if (!bundle || bundle->root.empty()) return failure(ExitStatus::damaged_program, "{} is a damaged bundle, or its root is elsewhere", path.string());
        root = bundle->root;
        is_bundle = true;
    }
    auto files = read_contents(root);
    if (!files) return failure(ExitStatus::not_executable, "{} holds no root image, or a damaged one: give what --save-bundle or mkfs.erofs made", path.string());
    if (!is_bundle) return *std::move(files);
    auto plan = make_plan({.program = "/proc/self/exe"});
    if (!plan) return std::unexpected(plan.error());
    std::error_code error;
    u64 kernel = fs::file_size(plan->kernel, error);
    if (error) return failure(ExitStatus::missing_tool, "cannot read the kernel {}: {}", plan->kernel.string(), error.message());
    whole.add({.name = "kernel", .size = kernel});
    whole.add(*std::move(files));
    whole.sort();
    return whole;
}

}  // namespace

Outcome<> draw_treemap(const fs::path& path, const fs::path& picture) {
    bool page = picture.extension() == ".html";
    if (!page && picture.extension() != ".svg") return failure(ExitStatus::failed, "{} must end in .svg or .html", picture.string());
    auto file = MappedFile::open(path);
    if (!file) return failure(ExitStatus::not_found, "cannot read {}: {}", path.string(), std::strerror(file.error()));
    auto contents = TRY(contents_of(path, file->bytes()));
    auto text = page ? treemap_html(contents) : treemap_svg(contents);
    std::ofstream out(picture, std::ios::binary);
    out << text;
    out.close();
    if (!out) return failure(ExitStatus::failed, "cannot write {}", picture.string());
    return {};
}

Outcome<std::string> inspect(const fs::path& path) {
    auto file = MappedFile::open(path);
    if (!file) return failure(ExitStatus::not_found, "cannot read {}: {}", path.string(), std::strerror(file.error()));
    auto bytes = file->bytes();
    if (auto* magic = view_at<le64>(bytes, 0); magic && *magic == abi::bundle_magic) return inspect_bundle(path, bytes);
    if (Lines lines; inspect_erofs(lines, bytes)) return "kind           root image\n" + lines.text;
    if (file->text().starts_with("\x7f" "ELF")) return inspect_program(path, bytes);
    return failure(ExitStatus::not_executable, "{} is neither a bundle, nor a root image, nor an ELF program", path.string());
}

}  // namespace spore::host
