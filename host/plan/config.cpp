#include "host/plan/config.hpp"

#include "host/plan/config_place.hpp"

#include <array>
#include <cctype>
#include <numeric>

namespace spore::host {

namespace {

using Reader = Outcome<void> (*)(const Place&, Request&);
struct Key {
    std::string_view name, help;
    Reader read;
};

template <std::size_t count>
constexpr std::array<std::string_view, count> names_of(const std::array<Key, count>& keys) {
    std::array<std::string_view, count> names{};
    for (std::size_t i = 0; i < count; ++i) names[i] = keys[i].name;
    return names;
}

/// What to say of a key that is none of these.
std::string hint_for(std::string_view name, std::span<const std::string_view> known) {
    auto near = nearest(name, known);
    return near ? fmt::format("did you mean '{}'?", *near) : fmt::format("known are {}", fmt::join(known, ", "));
}

fs::path folder_of(const Place& place) { return place.file.parent_path(); }

/// ./app in a project's file means the file beside it; other names are looked for.
std::string beside(const Place& place, const std::string& name) {
    return name.starts_with("./") || name.starts_with("../") ? (folder_of(place) / name).lexically_normal().string() : name;
}

/// A value that its parser explains, named with its place.
template <typename T>
Outcome<T> explained(const Place& place, Outcome<T> value) {
    if (!value) return place.refused(value.error().message);
    return value;
}

constexpr std::array network_keys{
    Key{"mode", "user, none, lan=NAME, tap=NAME or bridge=NAME (none; with ports: user)", [](const Place& place, Request& request) -> Outcome<void> {
        request.network.choice = TRY(explained(place, parse_network(TRY(place.text()))));
        return {};
    }},
    Key{"nic", "virtio, e1000, e1000e or vmxnet3 (virtio)", [](const Place& place, Request& request) -> Outcome<void> {
        request.network.nic = TRY(place.choice<Nic>("virtio, e1000, e1000e, vmxnet3"));
        return {};
    }},
    Key{"ports", "a list of [IP:]HOST:GUEST[/udp]", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts()))
            for (auto& port : TRY(explained(place, parse_ports(text)))) request.network.ports.push_back(port);
        return {};
    }},
    Key{"addresses", "a list of ADDRESS/LENGTH, or \"auto\"", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) TRY(explained(place, request.network.add_address(text)));
        return {};
    }},
    Key{"gateways", "a list of at most one IPv4 and one IPv6 address", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) request.network.gateways.push_back(TRY(explained(place, parse_address(text))));
        return {};
    }},
    Key{"dns", "a list of addresses of name servers", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) request.network.name_servers.push_back(TRY(explained(place, parse_address(text))));
        return {};
    }},
    Key{"mac", "the card's address", [](const Place& place, Request& request) -> Outcome<void> {
        request.network.mac = TRY(explained(place, parse_mac(TRY(place.text()))));
        return {};
    }},
    Key{"hostname", "the guest's name (spore)", [](const Place& place, Request& request) -> Outcome<void> {
        request.network.host_name = TRY(explained(place, parse_host_name(TRY(place.text()))));
        return {};
    }},
    Key{"pcap", "a file for all packets", [](const Place& place, Request& request) -> Outcome<void> {
        request.network.capture = folder_of(place) / TRY(place.text());
        return {};
    }},
};
constexpr auto network_key_names = names_of(network_keys);

Outcome<void> read_network(const Place& place, Request& request) {
    auto* table = place.node.as_table();
    if (!table) return place.wrong("must be a table: [network] followed by its keys");
    for (const auto& [name, node] : *table) {
        Place inner{place.file, fmt::format("network.{}", name.str()), node};
        auto key = std::find(network_key_names.begin(), network_key_names.end(), name.str());
        if (key == network_key_names.end()) return inner.wrong("is no key; {}", hint_for(name.str(), network_key_names));
        TRY(network_keys[static_cast<std::size_t>(key - network_key_names.begin())].read(inner, request));
    }
    return {};
}

constexpr std::array keys{
    Key{"program", "A string: the program, by its path, or by its name in $PATH; ./app means the file beside spore.toml.", [](const Place& place, Request& request) -> Outcome<void> {
        auto name = TRY(place.text());
        request.program = beside(place, name);
        return {};
    }},
    Key{"arguments", "A list of strings: its arguments. Those of the command line follow them.", [](const Place& place, Request& request) -> Outcome<void> {
        request.arguments = TRY(place.texts());
        return {};
    }},
    Key{"environment", "A table of strings: variables of its environment.", [](const Place& place, Request& request) -> Outcome<void> {
        auto* table = place.node.as_table();
        if (!table) return place.wrong("must be a table, such as [environment] followed by KEY = \"value\"");
        for (const auto& [name, node] : *table) {
            Place inner{place.file, fmt::format("environment.{}", name.str()), node};
            if (name.str().empty() || name.str().find_first_of(std::string_view("=\0", 2)) != std::string_view::npos) return inner.wrong("cannot be the name of a variable");
            request.environment.push_back(fmt::format("{}={}", name.str(), TRY(inner.text())));
        }
        return {};
    }},
    Key{"directory", "A string: its working directory in the guest (/).", [](const Place& place, Request& request) -> Outcome<void> {
        request.directory = TRY(place.text());
        return {};
    }},
    Key{"memory", "A string: the machine's memory, such as \"64M\" (256M).", [](const Place& place, Request& request) -> Outcome<void> {
        request.memory = parse_size(TRY(place.text()));
        if (!request.memory) return place.wrong("must be a size, such as \"128M\"");
        return {};
    }},
    Key{"user", "A string: who the program runs as, \"USER\" or \"USER:GROUP\", each a name that the guest's /etc/passwd or /etc/group has, or a number (0).", [](const Place& place, Request& request) -> Outcome<void> {
        auto user = parse_user(TRY(place.text()));
        if (!user) return place.refused(user.error().message);
        request.user = *user;
        return {};
    }},
    Key{"limits", "A list of strings NAME=SOFT or NAME=SOFT:HARD: limits that the program begins with, as --ulimit.", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) {
            auto limit = parse_limit(text);
            if (!limit) return place.refused(limit.error().message);
            request.limits.push_back(*limit);
        }
        return {};
    }},
    Key{"stop-signal", "A string: the signal that asks the program to end when the machine is asked to stop, such as \"SIGQUIT\" (SIGTERM, or what the image says).", [](const Place& place, Request& request) -> Outcome<void> {
        request.stop_signal = TRY(explained(place, parse_stop_signal(TRY(place.text()))));
        return {};
    }},
    Key{"restart", "A string: no, always, on-failure or on-failure:TIMES: when the machine in the background is started anew after its end (no).", [](const Place& place, Request& request) -> Outcome<void> {
        request.restart = TRY(explained(place, parse_restart(TRY(place.text()))));
        return {};
    }},
    Key{"core", "A string: the folder of this machine where core files appear, as --core.", [](const Place& place, Request& request) -> Outcome<void> {
        request.core = (place.file.parent_path() / TRY(place.text())).lexically_normal();
        return {};
    }},
    Key{"cpus", "A number: processors, from 1 to 64 (1).", [](const Place& place, Request& request) -> Outcome<void> {
        auto value = place.node.value_exact<int64_t>();
        if (!value || *value < 1 || *value > 64) return place.wrong("must be a number from 1 to 64");
        request.cpus = static_cast<unsigned>(*value);
        return {};
    }},
    Key{"image", "A string: a container image, an archive or OCI layout (./app.tar means the file beside spore.toml) or docker://NAME; program and arguments replace its command.", [](const Place& place, Request& request) -> Outcome<void> {
        auto name = TRY(place.text());
        request.image = beside(place, name);
        return {};
    }},
    Key{"entrypoint", "A string: with image, the program of it to run instead of its own.", [](const Place& place, Request& request) -> Outcome<void> {
        request.entrypoint = TRY(place.text());
        return {};
    }},
    Key{"disk", "A string: virtio, nvme, ahci, pvscsi or virtio-scsi: how the machine's disks are attached (virtio).", [](const Place& place, Request& request) -> Outcome<void> {
        request.disk = TRY(place.choice<Disk>("virtio, nvme, ahci, pvscsi, virtio-scsi"));
        return {};
    }},
    Key{"root-in", "A string: memory, or disk: the root is read in place there, or from here when it is needed (disk above 16 MiB, memory for linuxu).", [](const Place& place, Request& request) -> Outcome<void> {
        request.root_place = TRY(place.choice<RootPlace>("memory, disk"));
        return {};
    }},
    Key{"arch", "A string: the CPU, x86_64 or arm64 (the program's).", [](const Place& place, Request& request) -> Outcome<void> {
        request.architecture = TRY(place.choice<Architecture>("x86_64, arm64"));
        return {};
    }},
    Key{"on", "A string: qemu, a virtual machine, or linuxu, a process of this Linux (qemu).", [](const Place& place, Request& request) -> Outcome<void> {
        request.platform = TRY(place.choice<Platform>("qemu, linuxu"));
        return {};
    }},
    Key{"machine", "A string: microvm, q35 or pc (microvm); for arm64 virt.", [](const Place& place, Request& request) -> Outcome<void> {
        request.machine = TRY(place.choice<Machine>("microvm, q35, pc, virt"));
        return {};
    }},
    Key{"bus", "A string: mmio or pci (mmio where the machine has both).", [](const Place& place, Request& request) -> Outcome<void> {
        request.bus = TRY(place.choice<Bus>("mmio, pci"));
        return {};
    }},
    Key{"gic", "A string: virt's interrupt controller, \"2\" or \"3\".", [](const Place& place, Request& request) -> Outcome<void> {
        request.gic = TRY(place.choice<Gic>("2, 3"));
        return {};
    }},
    Key{"firmware", "A string: what starts virt's kernel, none or uefi (none).", [](const Place& place, Request& request) -> Outcome<void> {
        request.firmware = TRY(place.choice<Firmware>("none, uefi"));
        return {};
    }},
    Key{"accelerator", "A string: auto, kvm or tcg (auto).", [](const Place& place, Request& request) -> Outcome<void> {
        request.accelerator = TRY(place.choice<Accelerator>("auto, kvm, tcg"));
        return {};
    }},
    Key{"mode", "A string: fused or guarded (fused).", [](const Place& place, Request& request) -> Outcome<void> {
        request.mode = TRY(place.choice<abi::Mode>("fused, guarded"));
        return {};
    }},
    Key{"log", "A string: how much the kernel says: off, error, warn, info, debug or trace (error).", [](const Place& place, Request& request) -> Outcome<void> {
        request.log_level = TRY(place.choice<abi::LogLevel>("off, error, warn, info, debug, trace"));
        return {};
    }},
    Key{"timeout", "A number: seconds after which the machine is ended.", [](const Place& place, Request& request) -> Outcome<void> {
        auto value = place.node.value<double>();
        if (!value || !place.node.is_number() || !(*value > 0 && *value <= 1e9)) return place.wrong("must be a number of seconds above 0");
        request.timeout = std::chrono::milliseconds(static_cast<i64>(*value * 1000));
        return {};
    }},
    Key{"root", "A string: a folder that is the guest's root instead of this machine's files.", [](const Place& place, Request& request) -> Outcome<void> {
        request.root = folder_of(place) / TRY(place.text());
        return {};
    }},
    Key{"sysroot", "A string: a folder laid out like a system, from which the program and what it needs are taken.", [](const Place& place, Request& request) -> Outcome<void> {
        request.sysroot = folder_of(place) / TRY(place.text());
        return {};
    }},
    Key{"volumes", "A list of strings HOST:GUEST: files and folders that are copied into the guest. HOST:GUEST:shared is a folder that the guest uses where it is, HOST:GUEST:disk the image of a disk with an ext4 file system; with :ro it cannot write there.", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) {
            auto volume = parse_volume(text, folder_of(place));
            if (!volume) return place.refused(volume.error().message);
            request.volumes.push_back(*volume);
        }
        return {};
    }},
    Key{"read-only", "true: the root can be written nowhere, but for volumes, folders of tmpfs, and /dev (false).", [](const Place& place, Request& request) -> Outcome<void> {
        request.read_only_root = TRY(place.flag());
        return {};
    }},
    Key{"tmpfs", "A list of strings DIR or DIR:size=SIZE,mode=MODE: folders of the guest's whose files are in its memory, empty at first.", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) request.tmpfs.push_back(TRY(explained(place, parse_tmpfs(text))));
        return {};
    }},
    Key{"tailor", "true: the kernel has only what the program and the machine need (false).", [](const Place& place, Request& request) -> Outcome<void> {
        request.tailored = TRY(place.flag());
        return {};
    }},
    Key{"keep", "A list of strings: parts of the kernel and system calls that tailoring leaves in any case; calls is all of these.", [](const Place& place, Request& request) -> Outcome<void> {
        for (const auto& text : TRY(place.texts())) request.kept.push_back(TRY(explained(place, parse_kept(text))));
        return {};
    }},
    Key{"network", "A table: mode (user, none, lan=NAME, tap=NAME, bridge=NAME), ports, addresses, gateways, dns, mac, hostname, nic, pcap; as the options of spore run.", read_network},
};

constexpr auto key_names = names_of(keys);

/// Edits that turn one word into the other [Levenshtein].
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            auto change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates) {
    std::optional<std::string_view> best;
    // A short form ("env", "args") means what it begins, else up to a third of the letters may be wrong.
    for (auto candidate : candidates)
        if (word.size() >= 2 && candidate.starts_with(word.substr(0, word.size() - (word.ends_with('s') ? 1 : 0)))) return candidate;
    std::size_t least = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (auto candidate : candidates)
        if (auto edits = distance(word, candidate); edits < least && edits < candidate.size()) least = edits, best = candidate;
    return best;
}

std::vector<ConfigKey> config_keys() {
    std::vector<ConfigKey> list;
    for (const auto& key : keys) list.push_back({key.name, key.help});
    return list;
}

Outcome<bool> read_key(const Place& place, Request& request) {
    auto key = std::find(key_names.begin(), key_names.end(), place.key);
    if (key == key_names.end()) return false;
    TRY(keys[static_cast<std::size_t>(key - key_names.begin())].read(place, request));
    return true;
}

std::unexpected<Failure> unknown_key(const Place& place, const toml::key& name, std::span<const std::string_view> also_known) {
    std::vector<std::string_view> known(key_names.begin(), key_names.end());
    known.insert(known.end(), also_known.begin(), also_known.end());
    return failure(ExitStatus::bad_configuration, "{}:{}: there is no key '{}'; {}", place.file.string(), name.source().begin.line, name.str(), hint_for(name.str(), known));
}

Outcome<toml::table> parse_toml(std::string_view text, const fs::path& file) {
    auto parsed = toml::parse(text);
    if (!parsed)
        return failure(ExitStatus::bad_configuration, "{}:{}: {}", file.string(), parsed.error().source().begin.line, parsed.error().description());
    return std::move(parsed).table();
}

Outcome<Request> parse_config(std::string_view text, const fs::path& file) {
    auto table = TRY(parse_toml(text, file));
    Request request;
    for (const auto& [name, node] : table) {
        Place place{file, std::string(name.str()), node};
        if (TRY(read_key(place, request))) continue;
        if (name == "machines") return place.wrong("are several to start together: start them with 'spore up'");
        return unknown_key(place, name, {});
    }
    return request;
}

Outcome<std::string> read_config_text(const fs::path& file) {
    auto text = read_file(file, most_settings);
    if (!text)
        return failure(ExitStatus::bad_configuration, "cannot read {}: {}; name a program, or write spore.toml with program = \"…\"",
                       file.string(), error_text());
    return *text;
}

Outcome<Request> read_config(const fs::path& folder) {
    auto file = folder / "spore.toml";
    return parse_config(TRY(read_config_text(file)), file);
}

}  // namespace spore::host
