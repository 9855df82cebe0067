#include "host/root/libraries.hpp"

#include <cstring>
#include <functional>

#include "host/root/library_cache.hpp"

namespace spore::host {

namespace elf = wire::elf;

namespace {

std::vector<std::string> split_path(std::string_view list, std::string_view origin) {
    std::vector<std::string> folders;
    while (!list.empty()) {
        auto colon = list.find(':');
        std::string folder(list.substr(0, colon));
        for (std::string_view variable : {"${ORIGIN}", "$ORIGIN"})
            for (auto at = folder.find(variable); at != std::string::npos; at = folder.find(variable, at + origin.size()))
                folder.replace(at, variable.size(), origin);
        if (folder.starts_with('/')) folders.push_back(folder);
        if (colon == std::string_view::npos) break;
        list.remove_prefix(colon + 1);
    }
    return folders;
}

std::string folder_of(const std::string& path) { return fs::path(path).parent_path(); }

}  // namespace

Failure explain(elf::Problem problem, const std::string& path, ByteSpan file, Architecture wanted) {
    using enum elf::Problem;
    auto title = facts_of(wanted).title;
    switch (problem) {
        case not_64_bit:
            return {ExitStatus::wrong_architecture, fmt::format("{} is a 32-bit program: get or build it for a 64-bit CPU ({})", path, title)};
        case big_endian:
        case wrong_machine:
            return {ExitStatus::wrong_architecture, fmt::format("{} is a program for {}: get or build it for {}", path,
                                                                title_of_machine(elf::machine_number(file).value_or(0)), title)};
        case not_elf:
            return {ExitStatus::not_executable, fmt::format("{} is neither an ELF program nor a script with a #! line", path)};
        case not_a_program:
            return {ExitStatus::not_executable, fmt::format("{} is an object file or a core dump: link it into a program first", path)};
        default:
            return {ExitStatus::damaged_program, fmt::format("{} is damaged: {}; copy or build it again", path, elf::describe(problem))};
    }
}

Libraries::Libraries(Root& root, Architecture architecture, std::string_view search_path)
    : root_(root), facts_(facts_of(architecture)), architecture_(architecture), search_path_(split_path(search_path, "/")),
      default_path_{fmt::format("/lib/{}", facts_.triplet), fmt::format("/usr/lib/{}", facts_.triplet), "/lib64", "/usr/lib64", "/lib", "/usr/lib"} {}

std::string Libraries::advice() const {
    if (!foreign_.empty()) {
        auto* entry = root_.find(foreign_);
        auto file = entry ? MappedFile::open(entry->host) : std::unexpected(ENOENT);
        auto number = file ? elf::machine_number(file->bytes()).value_or(0) : u16{0};
        return fmt::format("{} is for {}: take it for {} into the root", foreign_, title_of_machine(number), facts_.title);
    }
    if (architecture_ == native_architecture) return "";
    return fmt::format("name a root file system with those for {} by --root or --sysroot", facts_.title);
}

Outcome<void> Libraries::add_program(const std::string& real_path) {
    auto* entry = root_.find(real_path);
    if (!entry || entry->kind != Entry::Kind::file) return failure(ExitStatus::not_executable, "{} is not a file that can be run", real_path);
    auto file = MappedFile::open(entry->host);
    if (!file) return failure(ExitStatus::not_executable, "cannot read {}: {}", real_path, std::strerror(file.error()));
    auto bytes = file->bytes();
    auto header = elf::parse_header(bytes, facts_.machine);
    if (!header) return std::unexpected(explain(header.error(), real_path, bytes, architecture_));
    auto table = slice(bytes, header->table_offset, header->table_size());
    auto headers = elf::ProgramHeaders::parse(*header, table.value_or(ByteSpan{}), bytes.size());
    if (!headers) return std::unexpected(explain(headers.error(), real_path, bytes, architecture_));
    u64 size = 0;
    headers->for_each_load([&](const elf::Segment& segment) { size += segment.memory_size; });
    loaded_size_ = std::max(loaded_size_, size);

    if (auto segment = headers->find(elf::SegmentType::interpreter)) {
        auto path = elf::interpreter_path(bytes.subspan(segment->offset, segment->file_size));
        if (!path) return std::unexpected(explain(path.error(), real_path, bytes, architecture_));
        std::string interpreter(*path);
        foreign_.clear();
        auto real = root_.provide(interpreter);
        if (!real || !try_candidate(*real)) {
            if (!foreign_.empty()) return failure(ExitStatus::wrong_architecture, "{} is a program for {}, and its interpreter {}", real_path, facts_.title, advice());
            auto hint = advice();
            return failure(ExitStatus::missing_interpreter, "{} needs the interpreter {}, which is not there: {}", real_path, interpreter,
                           hint.empty() ? "install the C library it belongs to" : hint);
        }
        if (interpreter.find("ld-musl") != std::string::npos && !musl_) {
            musl_ = true;
            default_path_ = {"/lib", "/usr/local/lib", "/usr/lib"};
            if (auto list = root_.provide(fmt::format("/etc/ld-musl-{}.path", facts_.musl_name)); list && root_.find(*list))
                if (auto text = read_file(root_.find(*list)->host)) {
                    for (auto& character : *text) if (character == '\n') character = ':';
                    default_path_ = split_path(*text, "/");
                }
        }
        done_.insert(*real);
    }
    if (!done_.insert(real_path).second) return {};
    return add_needed({real_path, folder_of(real_path), {}}, bytes, *headers);
}

void Libraries::add_plugin(const std::string& real_path) {
    auto* entry = root_.find(real_path);
    if (!entry || entry->kind != Entry::Kind::file || !done_.insert(real_path).second) return;
    auto file = MappedFile::open(entry->host);
    if (!file) return;
    auto header = elf::parse_header(file->bytes(), facts_.machine);
    if (!header) return;
    auto table = slice(file->bytes(), header->table_offset, header->table_size());
    auto headers = elf::ProgramHeaders::parse(*header, table.value_or(ByteSpan{}), file->bytes().size());
    if (!headers) return;
    if (auto segment = headers->find(elf::SegmentType::interpreter))
        if (auto path = elf::interpreter_path(file->bytes().subspan(segment->offset, segment->file_size))) (void)root_.provide(std::string(*path));
    (void)add_needed({real_path, folder_of(real_path), {}}, file->bytes(), *headers);
}

void Libraries::add_optional(const std::string& name) {
    if (auto path = find(name, {}, {})) add_plugin(*path);
}

Outcome<void> Libraries::add_needed(const Needer& needer, ByteSpan file, const elf::ProgramHeaders& headers) {
    auto dynamic = elf::Dynamic::parse(file, headers);
    if (!dynamic) return std::unexpected(explain(dynamic.error(), needer.real_path, file, architecture_));
    auto runpath = split_path(dynamic->runpath().value_or(""), needer.origin);
    // DT_RUNPATH makes DT_RPATH void, and is not inherited [ld.so(8)].
    auto rpath = dynamic->runpath() ? std::vector<std::string>{} : split_path(dynamic->rpath().value_or(""), needer.origin);
    if (!dynamic->runpath()) rpath.insert(rpath.end(), needer.rpath.begin(), needer.rpath.end());

    std::vector<std::string> names;
    dynamic->for_each_needed([&](std::string_view name) { names.emplace_back(name); });
    for (const auto& name : names) {
        // musl's loader is its C library, under whichever name.
        if (musl_ && (name == "libc.so" || name.starts_with("libc.musl-"))) continue;
        foreign_.clear();
        auto real = find(name, rpath, runpath);
        if (!real) {
            auto hint = advice();
            auto status = foreign_.empty() ? ExitStatus::missing_library : ExitStatus::wrong_architecture;
            return failure(status, "{} needs the library {}{} {}", needer.real_path, name,
                           foreign_.empty() ? ", which is not there:" : fmt::format(" for {}, and", facts_.title),
                           hint.empty() ? "install it, or name its folder with -e LD_LIBRARY_PATH=FOLDER" : hint);
        }
        glibc_ |= name == "libc.so.6";
        if (!done_.insert(*real).second) continue;
        auto library = MappedFile::open(root_.find(*real)->host);
        if (!library) return failure(ExitStatus::missing_library, "cannot read {}: {}", *real, std::strerror(library.error()));
        auto header = elf::parse_header(library->bytes(), facts_.machine);
        if (!header) return std::unexpected(explain(header.error(), *real, library->bytes(), architecture_));
        auto table = slice(library->bytes(), header->table_offset, header->table_size());
        auto inner = elf::ProgramHeaders::parse(*header, table.value_or(ByteSpan{}), library->bytes().size());
        if (!inner) return std::unexpected(explain(inner.error(), *real, library->bytes(), architecture_));
        TRY(add_needed({*real, folder_of(*real), rpath}, library->bytes(), *inner));
    }
    return {};
}

std::optional<std::string> Libraries::find(std::string_view name, const std::vector<std::string>& rpath,
                                           const std::vector<std::string>& runpath) {
    if (name.find('/') != std::string_view::npos) return try_candidate(std::string(name));
    auto in = [&](const std::vector<std::string>& folders) -> std::optional<std::string> {
        for (const auto& folder : folders)
            if (auto found = try_candidate(fmt::format("{}/{}", folder, name))) return found;
        return std::nullopt;
    };
    for (const auto& folders : {std::cref(rpath), std::cref(search_path_), std::cref(runpath)})
        if (auto found = in(folders)) return found;
    if (!musl_)
        if (auto known = cache().find(name); known != cache().end())
            if (auto found = try_candidate(known->second)) return found;
    return in(default_path_);
}

std::optional<std::string> Libraries::try_candidate(const std::string& path) {
    if (auto known = good_.find(path); known != good_.end()) return known->second;
    auto real = root_.provide(path);
    if (!real) return std::nullopt;
    auto* entry = root_.find(*real);
    if (!entry || entry->kind != Entry::Kind::file) return std::nullopt;
    // A library for another CPU is passed over, as the loader does; linker scripts (libm.so) are no libraries.
    auto file = MappedFile::open(entry->host);
    auto number = file ? elf::machine_number(file->bytes()) : std::nullopt;
    if (number == static_cast<u16>(facts_.machine)) return good_.emplace(path, *real).first->second;
    if (number) foreign_ = *real;
    return std::nullopt;
}

const std::map<std::string, std::string, std::less<>>& Libraries::cache() {
    if (!cache_) {
        cache_.emplace();
        if (auto real = root_.provide("/etc/ld.so.cache"))
            if (auto* entry = root_.find(*real); entry && entry->kind == Entry::Kind::file)
                if (auto file = MappedFile::open(entry->host)) cache_ = parse_library_cache(file->bytes(), facts_.cache_flags);
    }
    return *cache_;
}

}  // namespace spore::host
