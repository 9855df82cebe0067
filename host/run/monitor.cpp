#include "host/run/monitor.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "host/common/descriptor_passing.hpp"

namespace spore::host {

namespace {

constexpr int patience_milliseconds = 30'000;
constexpr std::size_t most_bytes = 1_MiB;
constexpr auto pause = std::chrono::milliseconds(2);

std::string text_at(const nlohmann::json& object, const char* key) {
    auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

Outcome<nlohmann::json> Monitor::read_message() {
    while (true) {
        if (auto end = received_.find('\n'); end != std::string::npos) {
            auto message = nlohmann::json::parse(received_.substr(0, end), nullptr, false);
            received_.erase(0, end + 1);
            if (message.is_object()) return message;
            return failure(ExitStatus::failed, "QEMU's monitor says what is not understood");
        }
        struct pollfd wait{socket_.number(), POLLIN, 0};
        int ready = ::poll(&wait, 1, patience_milliseconds);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0 || received_.size() > most_bytes) return failure(ExitStatus::failed, "QEMU's monitor does not answer");
        char buffer[4096];
        auto size = ::recv(socket_.number(), buffer, sizeof buffer, 0);
        if (size <= 0) return failure(ExitStatus::machine_ended, "QEMU has ended");
        received_.append(buffer, static_cast<std::size_t>(size));
    }
}

Outcome<void> Monitor::begin() {
    if (std::exchange(begun_, true)) return {};
    TRY(read_message());  // the greeting
    TRY(execute("qmp_capabilities"));
    return {};
}

Outcome<nlohmann::json> Monitor::execute(std::string_view command, nlohmann::json arguments, int descriptor) {
    TRY(begin());
    nlohmann::json message{{"execute", command}, {"arguments", std::move(arguments)}};
    if (!send_with_descriptor(socket_.number(), message.dump(), descriptor)) return failure(ExitStatus::machine_ended, "QEMU has ended");
    while (true) {
        auto answer = TRY(read_message());
        if (auto found = answer.find("return"); found != answer.end()) return *found;
        if (auto found = answer.find("error"); found != answer.end()) return failure(ExitStatus::failed, "QEMU cannot: {}", text_at(*found, "desc"));
        // The others are events.
    }
}

Outcome<void> Monitor::save_state(const FileDescriptor& file) {
    auto save = [&]() -> Outcome<void> {
        TRY(execute("stop"));
        // Into a file, as fast as it takes it.
        TRY(execute("migrate-set-parameters", {{"max-bandwidth", u64{1} << 40}}));
        TRY(execute("getfd", {{"fdname", "state"}}, file.number()));
        TRY(execute("migrate", {{"uri", "fd:state"}}));
        while (true) {
            auto progress = TRY(execute("query-migrate"));
            auto status = text_at(progress, "status");
            if (status == "completed") return {};
            if (status == "failed" || status == "cancelled") return failure(ExitStatus::failed, "QEMU could not save it: {}", text_at(progress, "error-desc"));
            std::this_thread::sleep_for(pause);
        }
    };
    auto saved = save();
    TRY(execute("cont"));
    return saved;
}

Outcome<void> Monitor::continue_from_state() {
    while (text_at(TRY(execute("query-status")), "status") == "inmigrate") std::this_thread::sleep_for(pause);
    TRY(execute("cont"));
    return {};
}

}  // namespace spore::host
