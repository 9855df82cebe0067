#include "host/instances/copy.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include "host/common/pipe.hpp"
#include "host/instances/control.hpp"
#include "host/instances/copy_stream.hpp"
#include "host/run/session.hpp"

namespace spore::host {

namespace {

Outcome<FileDescriptor> begin_copy(const std::string& name, abi::CopyDirection direction, const std::string& path, const std::string& base) {
    auto instance = TRY(Instance::open_running(name));
    if (!path.starts_with('/')) return failure(ExitStatus::failed, "{}:{}: give the whole path, from / on", name, path);
    if (path.size() > abi::max_copy_string) return failure(ExitStatus::failed, "{}:{}: the path is too long", name, path);
    abi::CopyPayload head{};
    head.direction = static_cast<u8>(direction);
    auto bytes = bytes_of(head);
    std::string payload(reinterpret_cast<const char*>(bytes.data()), bytes.size()), frame;
    for (const auto& text : {path, base}) payload.append(text.c_str(), text.size() + 1);
    append_frame(frame, abi::HostFrame::copy, std::as_bytes(std::span(payload)));
    auto connection = TRY(knock(instance, Door::executions));
    if (!write_all(connection.number(), std::as_bytes(std::span(frame)))) return failure(ExitStatus::failed, "the machine {} does not take files: {}", name, error_text());
    return connection;
}

/// The channel to the guest, served by a thread until its end; `input` and `output` are its own then.
class Carrier {
public:
    Carrier(FileDescriptor connection, FileDescriptor input, FileDescriptor output)
        : thread_([this, connection = std::move(connection), input = std::move(input), output = std::move(output)]() mutable {
              status_ = Session({.channel = connection.number(), .input = input.number(), .output = output.number()}, std::nullopt).run();
              input.close(), output.close();
          }) {}
    ~Carrier() {
        if (thread_.joinable()) thread_.join();
    }
    Outcome<int> finish(const std::string& name) {
        thread_.join();
        if (!status_ && status_.error().status == ExitStatus::machine_ended) return failure(ExitStatus::machine_ended, "the machine {} was ended", name);
        return std::move(status_);
    }

private:
    Outcome<int> status_ = 0;
    std::thread thread_;
};

std::string name_of(const fs::path& path) {
    auto name = fs::path(path).lexically_normal();
    return (name.filename().empty() ? name.parent_path() : name).filename();
}

/// Tells what was not copied.
class Problems {
public:
    explicit Problems(std::string place) : place_(std::move(place)) {}
    CopyProblem hear() {
        return [this](const std::string& below, const std::string& why) {
            any_ = true;
            tell({ExitStatus::failed, fmt::format("{}{}{}: {}", place_, below.empty() || place_.ends_with('/') ? "" : "/", below, why)});
        };
    }
    bool any() const { return any_; }

private:
    std::string place_;
    bool any_ = false;
};

Outcome<int> copy_out(const CopyPlace& from, const std::string& to) {
    auto connection = TRY(begin_copy(from.instance, abi::CopyDirection::out, from.path, ""));
    auto pipe = TRY(make_pipe());
    FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    Problems problems(from.instance + ":" + from.path);
    Carrier carrier(std::move(connection), std::move(nothing), std::move(pipe.to));
    auto place = fs::path(to);
    std::error_code error;
    auto name = name_of(from.path);
    if (fs::is_directory(place, error)) place /= name.empty() ? from.instance : name;
    auto received = to == "-" ? receive_contents(pipe.from.number(), STDOUT_FILENO, problems.hear()) : receive_files(pipe.from.number(), place, problems.hear());
    pipe.from.close();  // who still sends is told
    auto status = carrier.finish(from.instance);
    if (!status) return status;
    if (!received) return std::unexpected(received.error());
    return problems.any() ? 1 : *status;
}

Outcome<int> copy_in(const std::string& from, const CopyPlace& to) {
    auto name = name_of(fs::absolute(from));
    auto connection = TRY(begin_copy(to.instance, abi::CopyDirection::in, to.path, name.empty() ? "root" : name));
    auto pipe = TRY(make_pipe());
    FileDescriptor told(::memfd_create("spore-copy", MFD_CLOEXEC));
    if (!told) return failure(ExitStatus::failed, "cannot make a file in memory: {}", error_text());
    FileDescriptor for_guest(::fcntl(told.number(), F_DUPFD_CLOEXEC, 3));
    Problems here(from), there(to.instance + ":" + to.path);
    Carrier carrier(std::move(connection), std::move(pipe.from), std::move(for_guest));
    (void)send_files(pipe.to.number(), from, here.hear());
    pipe.to.close();
    auto status = carrier.finish(to.instance);
    if (!status) return status;
    ::lseek(told.number(), 0, SEEK_SET);
    TRY(receive_contents(told.number(), -1, there.hear()));
    return here.any() || there.any() ? 1 : *status;
}

}  // namespace

CopyPlace parse_copy_place(std::string_view text) {
    auto colon = text.find(':');
    // A path with a colon is said with a slash before it.
    if (colon == text.npos || !is_instance_name(text.substr(0, colon))) return {"", std::string(text)};
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Outcome<int> copy_between(const CopyPlace& from, const CopyPlace& to) {
    if (from.instance.empty() == to.instance.empty())
        return failure(ExitStatus::failed, "one of the two is in a machine, and the other is not: give NAME:/PATH for that; see 'spore cp --help'");
    ::signal(SIGPIPE, SIG_IGN);
    return from.instance.empty() ? copy_in(from.path, to) : copy_out(from, to.path);
}

}  // namespace spore::host
