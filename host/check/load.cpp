#include "host/check/load.hpp"

#include <cstring>

#include "wire/elf_dynamic.hpp"

namespace spore::host {

namespace {

/// What a file asks its loader for: the loader itself, and libraries by name.
std::vector<std::string> needed_by(ByteSpan bytes) {
    namespace elf = wire::elf;
    std::vector<std::string> names;
    auto header = elf::parse_header(bytes, facts_of(architecture_of(bytes).value_or(native_architecture)).machine);
    if (!header) return names;
    auto headers = elf::ProgramHeaders::parse(*header, slice(bytes, header->table_offset, header->table_size()).value_or(ByteSpan{}), bytes.size());
    if (!headers) return names;
    if (auto dynamic = elf::Dynamic::parse(bytes, *headers)) dynamic->for_each_needed([&](std::string_view name) { names.emplace_back(name); });
    if (auto segment = headers->find(elf::SegmentType::interpreter))
        if (auto path = elf::interpreter_path(bytes.subspan(segment->offset, segment->file_size))) names.emplace_back(*path);
    return names;
}

/// The ELF file that runs for `path`: itself, or the interpreter that a script names.
std::string elf_of(Root& root, const std::string& path) {
    auto* entry = root.find(path);
    auto text = entry && entry->kind == Entry::Kind::file ? read_file(entry->host) : std::nullopt;
    if (!text || !text->starts_with("#!")) return path;
    auto line = text->substr(2, text->find('\n') - 2);
    line.erase(0, line.find_first_not_of(" \t"));
    return root.provide(line.substr(0, line.find_first_of(" \t"))).value_or(path);
}

}  // namespace

Outcome<LoadedCode> load_program(Root& root, const std::string& program, Architecture architecture) {
    // The root holds what was found for each name, under that name.
    std::map<std::string, std::string> by_name;
    for (const auto& [path, entry] : root.entries())
        if (entry.kind != Entry::Kind::directory) by_name.try_emplace(fs::path(path).filename(), path);
    LoadedCode loaded;
    std::set<std::string> done;
    std::vector<std::string> open{elf_of(root, root.provide(program).value_or(program))};
    for (std::size_t i = 0; i < open.size(); ++i) {
        auto path = open[i];
        if (auto known = by_name.find(path); known != by_name.end()) path = known->second;
        path = root.provide(path).value_or(path);
        if (!done.insert(path).second) continue;
        auto* entry = root.find(path);
        if (!entry || entry->kind != Entry::Kind::file) continue;
        auto file = MappedFile::open(entry->host);
        if (!file) return failure(ExitStatus::not_executable, "cannot read {}: {}", path, std::strerror(file.error()));
        auto image = ElfImage::parse(file->bytes());
        if (!image) continue;
        for (auto& name : needed_by(file->bytes())) open.push_back(std::move(name));
        loaded.code.push_back({fs::path(path).filename(), Code(std::move(*image)), loaded.code.empty() ? Role::program : Role::library, path});
        loaded.bytes.push_back(std::move(*file));
    }
    if (loaded.code.empty()) return failure(ExitStatus::not_executable, "{} is no ELF program for {}", program, facts_of(architecture).title);
    return loaded;
}

bool load_others(const Root& root, Architecture architecture, u64 most, LoadedCode& into) {
    std::set<std::string> known;
    for (const auto& code : into.code) known.insert(code.path);
    std::vector<std::pair<std::string, MappedFile>> found;
    u64 total = 0;
    for (const auto& [path, entry] : root.entries()) {
        if (entry.kind != Entry::Kind::file || known.contains(path)) continue;
        auto file = MappedFile::open(entry.host);
        if (!file || architecture_of(file->bytes()) != architecture) continue;
        total += file->bytes().size();
        if (total > most) return false;
        found.emplace_back(path, std::move(*file));
    }
    for (auto& [path, file] : found) {
        auto image = ElfImage::parse(file.bytes());
        if (!image) continue;
        into.code.push_back({fs::path(path).filename(), Code(std::move(*image)), Role::other, path});
        into.bytes.push_back(std::move(file));
    }
    return true;
}

}  // namespace spore::host
