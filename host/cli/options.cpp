#include "host/cli/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "host/cli/environment.hpp"
#include "host/cli/verbs.hpp"
#include "host/container/container_image.hpp"
#include "host/manual/completion.hpp"
#include "host/manual/pages.hpp"
#include "host/plan/config.hpp"
#include "host/source/source.hpp"

namespace spore::host {

namespace {

constexpr const char* run_examples = R"(Examples:
  spore run /bin/busybox echo hello       a program of this machine, with what it needs
  spore run hello.c                       a C or C++ file: it is compiled first
  spore run -m 64M --cpus 2 ./server      64 MiB of memory, two processors
  spore run -e KEY=value -w /srv ./app    environment and working directory
  spore run -v data:/data:ro ./app        with a copy of a folder of this machine
  spore run -p 8080:80 ./server           port 8080 of this machine leads to the guest's 80
  spore run --root rootfs /bin/sh         inside a root file system of your own; its programs may be for arm64
  spore run --image docker://redis        a container image, from a registry or this machine
  spore run app/                          as app/spore.toml says
  spore run --tailor ./server             a kernel that has only what this program needs
  spore run --dry-run ./app               print the plan and the QEMU command

The exit status is the program's; 128+n when signal n killed it. Spore's own:
  110 spore.toml or --env-file is wrong   115 damaged program     124 --timeout is over
  111 QEMU, mkfs.erofs or kernel missing  116 too little memory   125 wrong arguments, or spore failed
  112 program for another CPU             117 unusable root       126 not executable
  113 library missing                     118 kernel panic        127 no such program
  114 interpreter missing                 119 the machine ended without a status)";

constexpr const char* main_examples = R"(Examples:
  spore run /bin/busybox echo hello
  spore inspect /usr/bin/python3
  spore doctor

'spore run --help' tells more, and lists the exit statuses.)";

struct RawRun {
    std::string memory, user, architecture, platform, machine, bus, gic, firmware, accelerator, mode, log_level, timeout, directory, stop_signal, core, restart, image, entrypoint, root, root_place, disk, sysroot, kernel, save_bundle, timeline;
    std::vector<std::string> volumes, tmpfs, limits, kept;
    EnvironmentOptions environment;
    std::string network, nic, mac, host_name, capture;
    std::vector<std::string> ports, addresses, gateways, name_servers;
    std::optional<unsigned> cpus;
    bool interactive = false, terminal = false, dry_run = false, debug = false, tailored = false, read_only = false;
    DetachOptions detach;
};

/// A failure of usage: the message, and where to read on.
std::unexpected<Failure> usage(const std::string& message) {
    return failure(ExitStatus::failed, "{}; see 'spore run --help'", message);
}

template <typename T>
Outcome<std::optional<T>> named(const std::string& option, const std::string& value, std::string_view choices) {
    if (value.empty()) return std::nullopt;
    auto found = from_name<T>(value);
    if (!found) return usage(fmt::format("{} {}: give one of {}", option, value, choices));
    return found;
}

void add_run_options(CLI::App& run, RawRun& raw) {
    run.add_option("-m,--memory", raw.memory, "Memory of the machine, such as 64M or 2G (256M)")->type_name("SIZE");
    run.add_option("--cpus", raw.cpus, "Number of processors (1)")->type_name("N");
    raw.environment.add_to(run);
    run.add_option("-u,--user", raw.user, "Who the program runs as: names of the guest's, or numbers (0; a number is the group's, too, unless that is given)")->type_name("USER[:GROUP]");
    run.add_option("--ulimit", raw.limits, "A limit that the program begins with: as, core, cpu, data, fsize, nofile, nproc, sigpending or stack")->type_name("NAME=SOFT[:HARD]")->allow_extra_args(false);
    run.add_option("--core", raw.core, "Core files of programs that a signal ends appear in this folder, as core.NAME.PID; with spore gdb, a core file to look at")->type_name("DIR");
    run.add_option("--stop-signal", raw.stop_signal, "What the program is sent when the machine is asked to stop: a name or number (SIGTERM, or what the image says)")->type_name("SIGNAL");
    run.add_option("-w,--workdir", raw.directory, "Working directory in the guest (/)")->type_name("DIR");
    run.add_option("-v,--volume", raw.volumes, "Copy a file or folder into the guest's root; with :shared let the guest use a folder where it is, with :disk a disk's image with an ext4 file system")->type_name("HOST:GUEST[:ro][:shared|:disk]")->allow_extra_args(false);
    run.add_flag("--read-only", raw.read_only, "The root can be written nowhere, but for volumes, --tmpfs, and /dev");
    run.add_option("--tmpfs", raw.tmpfs, "A folder of the guest's whose files are in its memory, empty at first")->type_name("DIR[:size=SIZE][,mode=MODE]")->allow_extra_args(false);
    run.add_option("-p,--publish", raw.ports, "Make a port of this machine lead to one of the guest; ranges are possible")->type_name("[IP:]HOST:GUEST[/udp]")->allow_extra_args(false);
    run.add_option("--network", raw.network, "user (out through this machine, without privileges), lan=NAME (the same, together with all machines that name it), none, tap=NAME or bridge=NAME (none; with -p: user)")->type_name("HOW");
    run.add_option("--ip", raw.addresses, "An address of the guest, several are possible; or auto: as the network says, by DHCP and router advertisements")->type_name("ADDRESS/LENGTH")->allow_extra_args(false);
    run.add_option("--gateway", raw.gateways, "Its router")->type_name("ADDRESS")->allow_extra_args(false);
    run.add_option("--dns", raw.name_servers, "A name server")->type_name("ADDRESS")->allow_extra_args(false);
    run.add_option("--mac", raw.mac, "The network card's address")->type_name("ADDRESS");
    run.add_option("--nic", raw.nic, "The network card: virtio, e1000, e1000e or vmxnet3 (virtio)")->type_name("NAME");
    run.add_option("--hostname", raw.host_name, "The guest's name (spore; with --network lan=…: --name, or the program's)")->type_name("NAME");
    run.add_option("--pcap", raw.capture, "Write all packets to a file that Wireshark reads")->type_name("FILE");
    run.add_option("--image", raw.image, "Run a container image: an archive or OCI layout of this machine's, or docker://NAME; what follows the options replaces its command")->type_name("IMAGE");
    run.add_option("--entrypoint", raw.entrypoint, "With --image: run this program of it instead of its own")->type_name("PROGRAM");
    run.add_option("--root", raw.root, "Use this folder as the guest's root instead of this machine's files")->type_name("DIR");
    run.add_option("--root-in", raw.root_place, "memory: the root is read in place there; disk: from here, when it is needed (disk above 16 MiB, memory for linuxu)")->type_name("PLACE");
    run.add_option("--disk", raw.disk, "How the machine's disks are attached (a large root, -v …:disk): virtio, nvme, ahci, pvscsi or virtio-scsi (virtio)")->type_name("NAME");
    run.add_option("--sysroot", raw.sysroot, "Take the program and what it needs from this folder, laid out like a system, instead of this machine")->type_name("DIR");
    run.add_option("--arch", raw.architecture, "The guest's CPU: x86_64 or arm64, emulated where this machine has another (the program's)")->type_name("CPU");
    run.add_option("--on", raw.platform, "qemu: a virtual machine; linuxu: a process of this Linux, for development and debugging (qemu)")->type_name("NAME");
    run.add_option("--machine", raw.machine, "microvm, q35 or pc (microvm); for arm64 virt")->type_name("NAME");
    run.add_option("--bus", raw.bus, "How the machine's devices are reached: mmio or pci (mmio where it has both)")->type_name("NAME");
    run.add_option("--gic", raw.gic, "virt's interrupt controller: 2 or 3 (3, or this machine's)")->type_name("VERSION");
    run.add_option("--firmware", raw.firmware, "What starts virt's kernel: none (QEMU itself) or uefi (none)")->type_name("NAME");
    run.add_option("--accel", raw.accelerator, "auto, kvm or tcg (auto)")->type_name("NAME");
    run.add_option("--mode", raw.mode, "fused: program and kernel share a privilege level; guarded: they do not (fused)")->type_name("NAME");
    run.add_option("--log", raw.log_level, "Kernel messages: off, error, warn, info, debug or trace (error)")->type_name("LEVEL");
    run.add_option("--timeout", raw.timeout, "End the machine after this time, with status 124")->type_name("SECONDS");
    run.add_option("--kernel", raw.kernel, "Boot this kernel image")->type_name("FILE");
    run.add_flag("--tailor", raw.tailored, "Boot a kernel that has only what the program and the machine need (spore tailor tells what that is)");
    run.add_option("--keep", raw.kept, "With --tailor: this part or system call stays; calls: all of these")->type_name("NAME")->allow_extra_args(false);
    run.add_flag("--debug", raw.debug, "Let gdb attach (spore gdb --attach), with programs always at the same addresses");
    run.add_option("--save-bundle", raw.save_bundle, "Write what would be booted to a file, and do not run it")->type_name("FILE");
    run.add_option("--timeline", raw.timeline, "Draw where the time goes, from the tool's first step to the program's end, as an SVG picture")->type_name("FILE");
    run.add_flag("--dry-run", raw.dry_run, "Print the plan and the command that would be started, and do not run it");
    run.add_flag("-i,--interactive", raw.interactive, "Accepted for the habit: standard input is always connected");
    run.add_flag("-t,--tty", raw.terminal, "Give the program this terminal, in raw mode");
}

Outcome<NetworkRequest> to_network_request(const RawRun& raw) {
    NetworkRequest request;
    if (!raw.network.empty()) request.choice = TRY(parse_network(raw.network));
    request.nic = TRY(named<Nic>("--nic", raw.nic, "virtio, e1000, e1000e, vmxnet3"));
    for (const auto& text : raw.ports)
        for (auto& port : TRY(parse_ports(text))) request.ports.push_back(port);
    for (const auto& text : raw.addresses) TRY(request.add_address(text));
    for (const auto& text : raw.gateways) request.gateways.push_back(TRY(parse_address(text)));
    for (const auto& text : raw.name_servers) request.name_servers.push_back(TRY(parse_address(text)));
    if (!raw.mac.empty()) request.mac = TRY(parse_mac(raw.mac));
    if (!raw.host_name.empty()) request.host_name = TRY(parse_host_name(raw.host_name));
    if (!raw.capture.empty()) request.capture = fs::absolute(raw.capture);
    return request;
}

Outcome<Request> to_request(const RawRun& raw) {
    Request request;
    auto text = [](const std::string& value) { return value.empty() ? std::nullopt : std::optional(value); };
    if (!raw.memory.empty()) {
        request.memory = parse_size(raw.memory);
        if (!request.memory) return usage(fmt::format("-m {}: give a size such as 64M or 2G", raw.memory));
    }
    request.cpus = raw.cpus;
    request.environment = TRY(raw.environment.read());
    if (!raw.user.empty()) request.user = TRY(parse_user(raw.user));
    for (const auto& limit : raw.limits) request.limits.push_back(TRY(parse_limit(limit)));
    if (!raw.stop_signal.empty()) request.stop_signal = TRY(parse_stop_signal(raw.stop_signal));
    if (!raw.restart.empty()) request.restart = TRY(parse_restart(raw.restart));
    if (!raw.core.empty()) request.core = fs::absolute(raw.core).lexically_normal();
    request.directory = text(raw.directory);
    for (const auto& volume : raw.volumes) request.volumes.push_back(TRY(parse_volume(volume, fs::current_path())));
    request.read_only_root = raw.read_only;
    for (const auto& tmpfs : raw.tmpfs) request.tmpfs.push_back(TRY(parse_tmpfs(tmpfs)));
    request.image = text(raw.image), request.entrypoint = text(raw.entrypoint);
    if (!raw.root.empty()) request.root = fs::absolute(raw.root);
    if (!raw.sysroot.empty()) request.sysroot = fs::absolute(raw.sysroot).lexically_normal();
    request.root_place = TRY(named<RootPlace>("--root-in", raw.root_place, "memory, disk"));
    request.disk = TRY(named<Disk>("--disk", raw.disk, "virtio, nvme, ahci, pvscsi, virtio-scsi"));
    request.architecture = TRY(named<Architecture>("--arch", raw.architecture, "x86_64, arm64"));
    request.platform = TRY(named<Platform>("--on", raw.platform, "qemu, linuxu"));
    request.machine = TRY(named<Machine>("--machine", raw.machine, "microvm, q35, pc, virt"));
    request.bus = TRY(named<Bus>("--bus", raw.bus, "mmio, pci"));
    request.gic = TRY(named<Gic>("--gic", raw.gic, "2, 3"));
    request.firmware = TRY(named<Firmware>("--firmware", raw.firmware, "none, uefi"));
    request.accelerator = TRY(named<Accelerator>("--accel", raw.accelerator, "auto, kvm, tcg"));
    request.mode = TRY(named<abi::Mode>("--mode", raw.mode, "fused, guarded"));
    request.log_level = TRY(named<abi::LogLevel>("--log", raw.log_level, "off, error, warn, info, debug, trace"));
    if (!raw.timeout.empty()) {
        request.timeout = parse_seconds(raw.timeout);
        if (!request.timeout) return usage(fmt::format("--timeout {}: give a number of seconds above 0", raw.timeout));
    }
    if (!raw.kernel.empty()) request.kernel = raw.kernel;
    request.tailored = raw.tailored;
    for (const auto& name : raw.kept) request.kept.push_back(TRY(parse_kept(name)));
    request.network = TRY(to_network_request(raw));
    request.terminal = raw.terminal;
    request.debug = raw.debug;
    return request;
}

struct ManualOptions {
    std::string page = "spore", folder;
    bool markdown = false;
    std::string written(const Page& one) const { return markdown ? to_markdown(one) : to_roff(one); }
};

Outcome<std::string> find_page(const std::vector<Page>& pages, const ManualOptions& options) {
    for (const auto& page : pages)
        if (page.name == options.page) return options.written(page);
    return failure(ExitStatus::failed, "there is no manual page '{}': give spore, spore-VERB, spore.toml, spore-calls or spore-oci", options.page);
}

Outcome<int> write_pages(const std::vector<Page>& pages, const ManualOptions& options) {
    for (const auto& page : pages) {
        // As man(1) looks for them, or side by side.
        auto folder = options.markdown ? fs::path(options.folder) : fs::path(options.folder) / fmt::format("man{}", page.section);
        auto file = folder / fmt::format("{}.{}", page.name, options.markdown ? "md" : std::to_string(page.section));
        std::error_code error;
        fs::create_directories(folder, error);
        TRY(write_file(file, options.written(page)));
    }
    return 0;
}

/// CLI11 does not know what follows the options of verbs that run a program: there the program's own begin.
std::string help_text(const CLI::App& app) {
    auto text = app.help();
    auto note = [&](const std::string& line, const std::string& better) {
        if (auto at = text.find(line); at != std::string::npos) text.replace(at, line.size(), better);
    };
    note("Usage: spore run [OPTIONS]", "Usage: spore run [OPTIONS] PROGRAM [ARGUMENTS...]\n       spore run [OPTIONS] [FOLDER]");
    for (const auto* verb : app.get_subcommands())
        if (auto at = text.find(fmt::format("Usage: spore {} [OPTIONS]", verb->get_name())); verb->get_prefix_command() && verb->get_name() != "run" && at != std::string::npos)
            text.insert(text.find('\n', at), " PROGRAM [ARGUMENTS...]");
    return text;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

constexpr std::string_view empty_value = "the value is empty: give one, or leave the option away";

/// An empty value is most often a variable of the shell's that is not set: what was meant is not known, and is not guessed.
void refuse_empty_values(CLI::App& app) {
    for (auto* verb : app.get_subcommands({}))
        for (auto* option : verb->get_options())
            if (takes_value(*option)) option->check(CLI::Validator([](std::string& value) { return std::string(value.empty() ? empty_value : ""); }, ""));
}

/// The verb's own words: those before the program, or before "--".
struct OwnWords {
    std::size_t count = 0;
    bool ends_with_mark = false;  ///< with "--", which is none of them
    std::string cut_off;          ///< the option of the first word like `--memory=`: CLI11 would take the next word for its value
};
OwnWords find_own_words(const CLI::App& verb, std::span<const char* const> words) {
    auto before_program = std::ranges::count_if(verb.get_options(), [](const CLI::Option* option) { return option->get_positional(); });
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string_view word = words[i];
        if (word.size() < 2 || word[0] != '-') {
            if (verb.get_prefix_command() && before_program-- == 0) return {i, false, {}};
            continue;
        }
        if (word == "--") return {i, true, {}};
        bool value_follows = false;
        if (word[1] == '-') {
            std::string name(word.substr(0, word.find('=')));
            auto* option = verb.get_option_no_throw(name);
            if (option && word.size() == name.size() + 1) return {i, false, name};
            value_follows = option && takes_value(*option) && word.size() == name.size();
        } else {
            // Of letters in one word, the first that takes a value has the rest for it, or the next word.
            const CLI::Option* option = nullptr;
            std::size_t letter = 1;
            while (letter < word.size() && !(option && takes_value(*option))) option = verb.get_option_no_throw({'-', word[letter++]});
            value_follows = letter == word.size() && option && takes_value(*option);
        }
        if (value_follows) ++i;
    }
    return {words.size(), false, {}};
}

/// What is wrong with the arguments, and where to read on. `meant` is where a verb belongs.
Failure explain(const CLI::ParseError& error, const CLI::App& app, std::string_view meant) {
    auto verbs = app.get_subcommands([](const CLI::App*) { return true; });
    auto known = std::ranges::find(verbs, meant, &CLI::App::get_name);
    if (known != verbs.end()) return {ExitStatus::failed, fmt::format("{}; see 'spore {} --help'", error.what(), meant)};
    if (meant.starts_with('-')) return {ExitStatus::failed, fmt::format("there is no option {} before a verb; see 'spore --help'", meant)};
    std::vector<std::string_view> names;
    for (const auto* verb : verbs) names.push_back(verb->get_name());
    auto near = nearest(meant, names);
    return {ExitStatus::failed, near ? fmt::format("there is no verb '{}'; did you mean '{}'?", meant, *near) : fmt::format("there is no verb '{}'; see 'spore --help'", meant)};
}

/// The words after the options: nothing or a folder means spore.toml, anything else is the program.
Outcome<RunCommand> to_run(const RawRun& raw, std::vector<std::string> words) {
    if (!words.empty() && words[0] == "--") words.erase(words.begin());
    else if (!words.empty() && words[0].size() > 1 && words[0].starts_with('-')) return usage(fmt::format("there is no option {}", words[0]));
    auto request = TRY(to_request(raw));
    RunCommand command{.save_bundle = raw.save_bundle, .dry_run = raw.dry_run, .timeline = raw.timeline};
    std::error_code ignored;  // what cannot be looked at is no project, and as a program it is told why
    bool project = request.image ? false : words.empty() || (!request.root && words[0].find('/') != std::string::npos && fs::is_directory(words[0], ignored)) ||
                   (!request.root && fs::is_regular_file(fs::path(words[0]) / "spore.toml", ignored));
    if (project) {
        auto folder = words.empty() ? fs::path(".") : fs::path(words[0]);
        command.request = TRY(read_config(folder));
        if (command.request.program.value_or("").empty() && !command.request.image)
            return failure(ExitStatus::bad_configuration, "{} names no program: write program = \"…\" in it", (folder / "spore.toml").string());
        if (!words.empty()) request.arguments.assign(words.begin() + 1, words.end());
    } else if (!words.empty()) {
        request.program = words[0];
        request.arguments.assign(words.begin() + 1, words.end());
    }
    command.request.merge(request);
    TRY(apply_container_image(command.request));
    TRY(compile_source(command.request));
    return command;
}

/// What was declared, and where the values go.
struct CommandLine {
    CommandLine() {
        app.footer(main_examples);
        app.set_version_flag("--version", "spore " SPORE_VERSION);
        app.require_subcommand(1);
    }
    void declare(Choice choice);

    CLI::App app{"Runs unmodified Linux programs as virtual machines.", "spore"};
    RawRun raw;
    Verbs verbs;
    std::string file, treemap, shell;
    ManualOptions page;
    CLI::App *run = nullptr, *inspect = nullptr, *doctor = nullptr, *manual = nullptr, *completion = nullptr;  ///< null: not declared
};

void CommandLine::declare(Choice choice) {
    auto add = [&](CLI::App*& verb, const char* name, const char* help) {
        if (choice.has(name)) verb = app.add_subcommand(name, help);
        return verb;
    };
    auto add_program = [&](CLI::App& verb) { verb.prefix_command(), add_run_options(verb, raw); };
    if (add(run, "run", "Run a program in a virtual machine")) {
        add_program(*run);
        run->add_flag("-d,--detach", raw.detach.detach, "Run it in the background and print its name");
        run->add_option("--name", raw.detach.name, "With -d: the name to call it by")->type_name("NAME");
        run->add_flag("--rm", raw.detach.remove, "With -d: remove it when it ends");
        run->add_option("--restart", raw.restart, "With -d: start it anew after its end: no, always, on-failure or on-failure:TIMES (no)")->type_name("WHEN");
        run->footer(run_examples);
    }
    add_instance_verbs(app, verbs, choice), add_project_verbs(app, verbs, choice), add_program_verbs(app, verbs, choice);
    for (auto& verb : verbs)
        if (verb->runs_program()) add_program(*verb->app);
    if (add(inspect, "inspect", "Tell what is inside a bundle, a root image or a program")) {
        inspect->add_option("FILE", file, "The file")->required();
        inspect->add_option("--treemap", treemap, "Draw where a bundle's or root image's bytes go, into a file ending in .svg or .html")->type_name("FILE");
        inspect->footer(footer("spore inspect /usr/bin/python3\nspore run --save-bundle app.bundle ./app && spore inspect --treemap app.svg app.bundle"));
    }
    if (add(doctor, "doctor", "Check that this machine has what Spore needs")) doctor->footer(footer("spore doctor"));
    if (add(manual, "manual", "Print a page of the manual: spore, spore-VERB, spore.toml, spore-calls or spore-oci")) {
        manual->add_option("PAGE", page.page, "The page (spore)");
        manual->add_flag("--markdown", page.markdown, "In Markdown instead of roff");
        manual->add_option("--write", page.folder, "Write all pages into this folder instead")->type_name("DIR");
        manual->footer(footer("spore manual spore-run | man -l -\nspore manual --markdown --write docs/reference"));
    }
    if (add(completion, "completion", "Print the completions for a shell: bash, zsh or fish")) {
        completion->add_option("SHELL", shell, "The shell")->required();
        completion->footer(footer("source <(spore completion bash)"));
    }
    refuse_empty_values(app);
}

bool chosen(const CLI::App* verb) { return verb && verb->parsed(); }

}  // namespace

Outcome<Command> parse_command_line(int count, const char* const* arguments) {
    std::string_view meant = count > 1 ? arguments[1] : "";
    CommandLine line;
    auto& [app, raw, verbs, file, treemap, shell, page, run, inspect, doctor, manual, completion] = line;
    bool lists_verbs = meant == "manual" || meant == "completion";
    if (!lists_verbs) line.declare(Choice::only(meant));
    if (app.get_subcommands({}).empty()) line.declare(Choice::all());
    std::vector<std::string> behind_mark;  // CLI11 would give them to the tool instead of the verb
    std::span given(arguments, static_cast<std::size_t>(count));
    for (const auto* verb : app.get_subcommands([&](const CLI::App* one) { return one->get_name() == meant; })) {
        auto own = find_own_words(*verb, given.subspan(2));
        if (!own.cut_off.empty()) return failure(ExitStatus::failed, "{}: {}; see 'spore {} --help'", own.cut_off, empty_value, meant);
        if (!own.ends_with_mark || !verb->get_prefix_command()) continue;
        auto marked = given.subspan(2 + own.count);
        behind_mark.assign(marked.begin(), marked.end());
        given = given.first(2 + own.count);
    }
    // Where they are the program's, "--" comes first, so that nobody takes them for options.
    auto program_words = [&](const CLI::App& verb) {
        auto words = verb.remaining();
        words.insert(words.end(), behind_mark.begin(), behind_mark.end());
        return words;
    };
    try {
        app.parse(static_cast<int>(given.size()), given.data());
    } catch (const CLI::CallForHelp&) {
        return PrintCommand{help_text(app)};
    } catch (const CLI::CallForAllHelp&) {
        return PrintCommand{app.help("", CLI::AppFormatMode::All)};
    } catch (const CLI::CallForVersion&) {
        return PrintCommand{"spore " SPORE_VERSION "\n"};
    } catch (const CLI::ParseError& error) {
        if (count < 2) return PrintCommand{app.help()};
        return std::unexpected(explain(error, app, meant));
    }
    if (chosen(inspect)) return InspectCommand{file, treemap};
    if (chosen(manual)) {
        if (!page.folder.empty()) return ActionCommand{[pages = manual_pages(app), page] { return write_pages(pages, page); }, {}};
        return PrintCommand{TRY(find_page(manual_pages(app), page))};
    }
    if (chosen(completion)) {
        auto text = completion_script(app, shell);
        if (!text) return failure(ExitStatus::failed, "there are no completions for '{}': give bash, zsh or fish", shell);
        return PrintCommand{*text};
    }
    if (chosen(doctor)) return DoctorCommand{};
    for (auto& verb : verbs)
        if (*verb->app) {
            auto words = program_words(*verb->app);
            std::shared_ptr<Verb> shared = std::move(verb);
            auto requests = [raw, shared, words]() -> Outcome<std::vector<Request>> {
                if (shared->runs_program()) return std::vector{TRY(to_run(raw, words)).request};
                return shared->requests();
            };
            return ActionCommand{[raw, shared, words] {
                return shared->act([&](const std::vector<std::string>& program) -> Outcome<Request> { return TRY(to_run(raw, program)).request; }, words);
            }, requests};
        }
    auto command = TRY(to_run(raw, program_words(*run)));
    if (!raw.detach.name.empty() && !raw.detach.detach) return usage(fmt::format("--name {} is what a machine in the background is called by: add -d", raw.detach.name));
    if (!raw.restart.empty() && !raw.detach.detach) return usage("--restart is for machines in the background: add -d");
    if (raw.detach.remove && command.request.restart.value_or(Restart{}) != Restart{}) return usage("--rm forgets a machine that has ended, --restart starts it anew: leave one away");
    if (raw.detach.detach && !raw.timeline.empty()) return usage("--timeline draws a run in the foreground: leave -d away");
    if (raw.detach.detach && !command.dry_run && command.save_bundle.empty())
        return ActionCommand{[request = command.request, detach = raw.detach] { return run_detached(request, detach); },
                             [request = command.request]() -> Outcome<std::vector<Request>> { return std::vector{request}; }};
    return command;
}

}  // namespace spore::host
