#include "host/profile/flame.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "host/common/temporary_folder.hpp"
#include "host/profile/names.hpp"
#include "host/profile/samples.hpp"

namespace spore::host {

namespace {

/// Asks the guest what lies in its programs' memory while it runs: at first often, since a program may be short, then ever less.
class Asker {
public:
    static Outcome<std::unique_ptr<Asker>> start(const fs::path& folder) {
        auto asker = std::unique_ptr<Asker>(new Asker);
        auto path = (folder / "questions").string();
        asker->address_.sun_family = AF_UNIX;
        if (path.size() >= sizeof asker->address_.sun_path) return failure(ExitStatus::failed, "{} is too long a name for a socket", path);
        std::ranges::copy(path, asker->address_.sun_path);
        asker->listener_ = FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        if (!asker->listener_ || ::bind(asker->listener_.number(), asker->address(), sizeof asker->address_) != 0 || ::listen(asker->listener_.number(), 16) != 0)
            return failure(ExitStatus::failed, "cannot make a socket for questions: {}", error_text());
        asker->thread_ = std::thread([self = asker.get()] { self->work(); });
        return asker;
    }
    ~Asker() { stop(); }
    int listener() const { return listener_.number(); }
    void stop() {
        over_ = true;
        if (thread_.joinable()) thread_.join();
    }
    /// After stop().
    const GuestMaps& maps() const { return maps_; }

private:
    static constexpr int most_processes = 16, step_milliseconds = 10;

    Asker() = default;
    const struct sockaddr* address() const { return reinterpret_cast<const struct sockaddr*>(&address_); }

    void work() {
        for (int pause = 2 * step_milliseconds;; pause = std::min(pause * 2, 2000)) {
            for (int waited = 0; waited < pause; waited += step_milliseconds) {
                if (over_) return;
                std::this_thread::sleep_for(std::chrono::milliseconds(step_milliseconds));
            }
            for (int process = most_processes; process > 0 && !over_; --process)
                if (auto text = ask(fmt::format("{}/maps\n", process)); text.starts_with("ok\n")) maps_.take(std::string_view(text).substr(3));
        }
    }
    std::string ask(const std::string& question) {
        FileDescriptor connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (!connection || ::connect(connection.number(), address(), sizeof address_) != 0) return "";
        if (!write_all(connection.number(), std::as_bytes(std::span(question)))) return "";
        std::string answer;
        while (!over_) {
            struct pollfd wait{connection.number(), POLLIN, 0};
            if (::poll(&wait, 1, step_milliseconds) <= 0) continue;
            char buffer[16384];
            auto size = ::read(connection.number(), buffer, sizeof buffer);
            if (size <= 0) break;
            answer.append(buffer, static_cast<std::size_t>(size));
        }
        return answer;
    }

    struct sockaddr_un address_{};
    FileDescriptor listener_;
    std::atomic<bool> over_ = false;
    GuestMaps maps_;
    std::thread thread_;
};

/// The files that programs of the guest can be or load, by their places there.
std::map<std::string, fs::path, std::less<>> code_files(const Root& root) {
    std::map<std::string, fs::path, std::less<>> files;
    for (const auto& [path, entry] : root.entries())
        if (entry.kind == Entry::Kind::file && ((entry.mode & 0111) || path.find(".so") != std::string::npos)) files[path] = entry.host;
    return files;
}

bool add_up(const fs::path& data, FrameNames& names, FlameGraph& graph) {
    auto file = MappedFile::open(data);
    return file && read_samples(file->bytes(), [&](const std::vector<u64>& addresses) {
        std::vector<Frame> stack;
        for (std::size_t i = addresses.size(); i-- > 0;) stack.push_back(names.name(addresses[i], i ? FrameNames::Place::caller : FrameNames::Place::inner));
        graph.add(stack);
    });
}

}  // namespace

Outcome<int> flame(Plan plan, const FlameOptions& options) {
    const char* path = std::getenv("PATH");
    if (!find_in_path("perf", path ? path : "")) return failure(ExitStatus::missing_tool, "perf is missing: install it with 'apt install linux-perf'");
    auto folder = TRY(TemporaryFolder::create("flame"));
    auto data = (folder.path() / "perf.data").string();
    plan.fixed_addresses = true;
    auto prepared = TRY(prepare(plan));
    auto files = code_files(prepared.root);
    std::vector<std::string> command{"perf", "record", "-q", "-e", "cpu-clock", "-F", std::to_string(options.frequency), "--call-graph", "fp", "-o", data, "--"};
    prepared.command.insert(prepared.command.begin(), command.begin(), command.end());
    auto asker = TRY(Asker::start(folder.path()));
    auto status = run(plan, std::move(prepared), {.questions = asker->listener(), .observed = true});
    asker->stop();
    if (!status) return status;

    FrameNames names(plan.kernel, asker->maps(), [&](std::string_view guest) {
        auto found = files.find(guest);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    });
    FlameGraph graph;
    if (!add_up(data, names, graph)) return failure(ExitStatus::failed, "perf wrote no file of samples that can be read: this Linux may not let it count (kernel.perf_event_paranoid)");
    if (graph.samples() == 0) return failure(ExitStatus::failed, "perf took no samples: the program was too short");
    TRY(write_file(options.output, graph.svg(plan.program)));
    if (!options.folded.empty()) TRY(write_file(options.folded, graph.folded()));
    std::fprintf(stderr, "spore: %s shows %llu samples\n", options.output.c_str(), static_cast<unsigned long long>(graph.samples()));
    return status;
}

}  // namespace spore::host
