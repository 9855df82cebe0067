#include "host/root/assemble.hpp"

#include <algorithm>

#include "host/common/first_line.hpp"
#include "host/plan/user.hpp"
#include "host/root/libraries.hpp"
#include "host/root/runtimes.hpp"

namespace spore::host {

namespace {

std::string variable(const Plan& plan, std::string_view name) {
    for (const auto& line : plan.environment)
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == '=') return line.substr(name.size() + 1);
    return "";
}

/// The guest's path of a program named without a slash, by the guest's $PATH.
std::optional<std::string> find_in_root(Root& root, const std::string& name, std::string_view path) {
    while (true) {
        auto colon = path.find(':');
        auto candidate = fmt::format("{}/{}", path.substr(0, colon), name);
        if (auto real = root.provide(candidate))
            if (auto* entry = root.find(*real); entry->kind == Entry::Kind::file && (entry->mode & 0111)) return candidate;
        if (colon == std::string_view::npos) return std::nullopt;
        path.remove_prefix(colon + 1);
    }
}

/// The program itself, or through the chain of interpreters the ELF file that runs it.
Outcome<void> add_program(const Plan& plan, Root& root, Libraries& libraries, const std::string& path) {
    constexpr int longest_chain = 4;
    auto current = path;
    for (int depth = 0; depth < longest_chain; ++depth) {
        auto real = root.provide(current);
        if (!real) return failure(ExitStatus::not_found, "there is no program {} in the root: check --root and the path", current);
        auto* entry = root.find(*real);
        if (entry->kind != Entry::Kind::file) return failure(ExitStatus::not_executable, "{} is not a file that can be run", current);
        if ((entry->mode & 0111) == 0) return failure(ExitStatus::not_executable, "{} is not executable: chmod +x {}", current, current);
        auto file = MappedFile::open(entry->host);
        if (!file) return failure(ExitStatus::not_executable, "cannot read {}: {}", current, std::strerror(file.error()));
        if (file->bytes().empty()) return failure(ExitStatus::damaged_program, "{} is empty: copy or build it again", current);
        auto first = parse_first_line(file->text());
        if (!first) {
            TRY(libraries.add_program(*real));
            add_runtime(root, libraries, *real);
            return {};
        }
        if (first->interpreter.empty())
            return failure(ExitStatus::missing_interpreter, "the first line of {} names no interpreter: write #!/path/to/interpreter", current);
        auto interpreter = root.provide(first->interpreter);
        if (!interpreter)
            return failure(ExitStatus::missing_interpreter, "the script {} wants the interpreter {}, which is not there: install it, or correct its first line",
                           current, first->interpreter);
        if (auto name = first->name_for_env()) {
            // env looks the real interpreter up; it has to come along.
            auto found = find_in_root(root, *name, variable(plan, "PATH"));
            if (!found)
                return failure(ExitStatus::missing_interpreter, "the script {} wants '{}', which is not in the guest's $PATH: install it", current, *name);
            TRY(add_program(plan, root, libraries, *found));
        }
        current = first->interpreter;
    }
    return failure(ExitStatus::not_executable, "{} goes through too many interpreters", path);
}

/// Brings in what programs and plug-ins need that the user named for the program to use: a file, or those in a folder.
void add_programs(Root& root, Libraries& libraries, const std::string& real_path) {
    std::vector<std::string> found;
    auto inside = real_path == "/" ? real_path : real_path + "/";
    for (const auto& [path, entry] : root.entries()) {
        bool may_be = path == real_path || (path.starts_with(inside) && (entry.mode & 0111 || path.ends_with(".so")));
        if (may_be && entry.kind == Entry::Kind::file) found.push_back(path);
    }
    for (const auto& path : found) libraries.add_plugin(path);
}

/// A file that says nothing about the guest's network: empty, as container engines leave it to mount their own over it, or this machine's, as
/// debootstrap and others copy it.
bool is_placeholder(const Entry& entry) {
    if (entry.kind != Entry::Kind::file) return false;
    auto content = read_file(entry.host), own = read_file("/etc/resolv.conf");
    return content && (content->empty() || content == own);
}

/// /etc/resolv.conf: servers that are known beforehand, or a link to what the kernel hears of the network.
void add_resolver_settings(const Plan& plan, Root& root) {
    constexpr auto path = "/etc/resolv.conf";
    bool chosen = std::ranges::contains(plan.volumes, path, &Volume::guest);
    if (const auto* there = root.find(path); there && !chosen && is_placeholder(*there)) root.remove(path);
    if (plan.network.automatic()) return root.add_link(path, "/proc/net/pnp");
    std::string servers;
    for (const auto& server : plan.network.name_servers) servers += fmt::format("nameserver {}\n", server.text());
    root.add_text(path, servers);
}

/// What programs expect of a system, made where the root lacks it.
void add_system_files(const Plan& plan, Root& root) {
    bool from_host = !plan.root;
    for (const char* folder : {"/dev", "/proc", "/sys", "/run", "/etc", "/var"}) root.add_directory(folder);
    root.add_directory("/root", 0700);
    for (const char* folder : {"/tmp", "/var/tmp"}) root.add_directory(folder, 01777);
    root.add_text("/etc/passwd", std::string(default_passwd));
    root.add_text("/etc/group", std::string(default_group));
    root.add_text("/etc/hosts", fmt::format("127.0.0.1\tlocalhost {}\n::1\tlocalhost\n", plan.host_name));
    root.add_text("/etc/hostname", plan.host_name + "\n");
    root.add_text("/etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n");
    add_resolver_settings(plan, root);
    if (from_host)
        for (const char* path : {"/etc/services", "/etc/protocols"}) (void)root.provide(path);
    if (from_host)
        if (auto zone = read_file("/etc/localtime")) root.add_text("/etc/localtime", *zone);
}

}  // namespace

Outcome<Assembled> assemble_root(const Plan& plan) {
    Assembled assembled{Root(plan.root ? Root::Source::nothing : Root::Source::host, plan.sysroot ? plan.sysroot->string() : ""), plan.program, 0};
    auto& root = assembled.root;
    // The program's whole path first: what it is called decides which links of the host come along.
    if (plan.root) TRY(root.place(*plan.root, "/", plan.root_moves ? Root::Known::by_content : Root::Known::by_path));
    for (const auto& volume : plan.volumes)
        if (volume.kind != VolumeKind::disk) TRY(root.place(volume.host, volume.guest));
    if (plan.sysroot && !plan.host_program.empty()) TRY(root.place(plan.host_program, plan.program));
    if (assembled.program.find('/') == std::string::npos) {
        auto found = find_in_root(root, assembled.program, variable(plan, "PATH"));
        if (!found)
            return failure(ExitStatus::not_found, "there is no program '{}' in {}: give its path in that root", assembled.program, plan.root->string());
        assembled.program = *found;
    }
    Libraries libraries(root, plan.architecture, variable(plan, "LD_LIBRARY_PATH"));
    TRY(add_program(plan, root, libraries, assembled.program));
    for (const auto& volume : plan.volumes) {
        auto real = root.provide(volume.guest);
        if (!real && volume.kind == VolumeKind::disk) root.add_directory(volume.guest);
        if (!real || volume.kind == VolumeKind::disk) continue;
        add_programs(root, libraries, *real);
        if (volume.kind == VolumeKind::shared) root.empty(*real);  // it was there to see what its programs need
    }
    if (libraries.glibc() && !plan.root) {
        // glibc opens these by name: to unwind a thread that ends early, and to look up users and hosts.
        for (const char* name : {"libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2"}) libraries.add_optional(name);
    }
    add_system_files(plan, root);
    // A whole root is worth keeping for the next machine with the same.
    if (plan.root)
        for (const auto& volume : plan.volumes)
            if (volume.kind == VolumeKind::copy) TRY(root.bring_beside(volume.guest));
    for (const auto& tmpfs : plan.tmpfs) {
        auto real = root.provide(tmpfs.guest);
        if (!real) root.add_directory(tmpfs.guest);
        else if (root.find(*real)->kind != Entry::Kind::directory) return failure(ExitStatus::bad_root, "--tmpfs {}: it is not a folder", tmpfs.guest);
    }
    assembled.program_size = libraries.loaded_size();

    if (plan.directory != "/") {
        auto real = root.provide(plan.directory);
        if (!real) root.add_directory(plan.directory);
        else if (root.find(*real)->kind != Entry::Kind::directory)
            return failure(ExitStatus::failed, "--workdir {}: it is not a folder", plan.directory);
    }
    return assembled;
}

}  // namespace spore::host
