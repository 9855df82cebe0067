// Two ends of a TCP connection in one stack, over its loopback: what the stack costs without a machine around it. Its counterpart is lwip.c.
//
//   stack-alone request N    a request of 64 bytes and its answer of 612, N times on one connection
//   stack-alone open N       the same on a new connection each time, which is closed
//   stack-alone bulk N       N mebibytes in one direction
//
// Prints the segments that were sent and the nanoseconds that it took.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "kernel/device/poller.hpp"
#include "kernel/net/start.hpp"
#include "kernel/net/tcp/connection.hpp"
#include "tests/fakes/cpu.hpp"

using namespace spore;
using net::tcp::Connection;

namespace {

constexpr u64 request_size = 64, answer_size = 612, write_size = 32'768;
std::byte contents[write_size];

struct Source final : net::ByteSource {
    Result<void> take(MutableByteSpan into) override {
        std::memcpy(into.data(), contents, into.size());
        return {};
    }
};
struct Sink final : net::ByteSink {
    Result<void> put(ByteSpan) override { return {}; }
};
Source source;
Sink sink;

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "%s\n", what);
    std::exit(1);
}

/// Until nothing is on its way.
void deliver() {
    while (device::run_scheduled_jobs()) {}
}

/// What waits for its time (a delayed acknowledgement) has it now.
void wait() {
    if (fakes::armed_deadline() == ~u64{0}) give_up("nothing to wait for");
    fakes::set_time(fakes::armed_deadline());
    fakes::fire_timer();
    deliver();
}

net::Endpoint endpoint(u16 port) { return {net::IpAddress::v4(0x7f000001), port}; }

class Ends {
public:
    Ends() {
        options_.no_delay = true;
        auto binding = net::Binding::create(net::Transport::tcp, endpoint(80), {});
        if (!binding) give_up("no port");
        auto listener = net::tcp::Listener::create(std::move(*binding), 128, options_, nullptr);
        if (!listener) give_up("no listener");
        listener_ = std::move(*listener);
    }
    void open() {
        auto connected = Connection::connect({}, endpoint(80), options_, nullptr);
        if (!connected) give_up("no connection");
        client_ = std::move(*connected);
        deliver();
        auto accepted = listener_->accept();
        if (!accepted) give_up("nothing to accept");
        server_ = std::move(*accepted);
    }
    void converse() {
        pass(*client_, *server_, request_size);
        pass(*server_, *client_, answer_size);
    }
    /// As servers do that close first.
    void close() {
        server_->close();
        deliver();
        segments_ += client_->info().segments_out + server_->info().segments_out;
        client_->close();
        deliver();
        client_ = server_ = {};
    }
    void pour(u64 bytes) {
        for (u64 sent = 0, received = 0; received < bytes;) {
            u64 before = sent + received;
            if (auto put = client_->send(source, std::min(write_size, bytes - sent), net::tcp::SendFlags::none); put) sent += *put;
            deliver();
            while (auto got = server_->receive(sink, write_size, net::tcp::ReceiveFlags::none)) received += *got;
            deliver();
            if (sent + received == before) wait();
        }
    }
    u64 segments() const { return segments_; }

private:
    void pass(Connection& from, Connection& to, u64 size) {
        if (auto sent = from.send(source, size, net::tcp::SendFlags::none); !sent || *sent != size) give_up("not sent");
        deliver();
        if (auto got = to.receive(sink, size, net::tcp::ReceiveFlags::none); !got || *got != size) give_up("not received");
    }

    net::tcp::Options options_;
    Shared<net::tcp::Listener> listener_;
    Shared<Connection> client_, server_;
    u64 segments_ = 0;
};

}  // namespace

int main(int count, char** words) {
    if (count != 3) give_up("usage: stack-alone request|open|bulk COUNT");
    std::string_view what = words[1];
    u64 times = std::strtoull(words[2], nullptr, 10);
    net::start({});
    Ends ends;
    auto began = std::chrono::steady_clock::now();
    if (what == "open") {
        for (u64 i = 0; i < times; ++i) {
            ends.open();
            ends.converse();
            ends.close();
        }
    } else {
        ends.open();
        if (what == "bulk") ends.pour(times << 20);
        for (u64 i = 0; what == "request" && i < times; ++i) ends.converse();
        ends.close();
    }
    auto took = std::chrono::steady_clock::now() - began;
    std::printf("%llu %lld\n", static_cast<unsigned long long>(ends.segments()),
                static_cast<long long>(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count()));
}
