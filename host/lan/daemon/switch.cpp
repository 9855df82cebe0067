#include "host/lan/daemon/switch.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "host/lan/addresses.hpp"
#include "host/lan/sender.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::host::lan {

namespace {

constexpr unsigned the_gateway = 0;  // as the sender of a frame
constexpr std::size_t most_visitors = 32;
constexpr auto time_to_greet = std::chrono::seconds(5);

MacAddress mac_at(const u8* bytes) {
    MacAddress mac;
    std::copy_n(bytes, mac.size(), mac.begin());
    return mac;
}

/// The name that was wished for, or the same with a number.
Outcome<std::string> take_name(Names& names, const Arrival& arrival, unsigned number) {
    if (names.add(arrival.name, number)) return arrival.name;
    if (arrival.insists)
        return failure(ExitStatus::failed, "a machine called {} is there already: choose another --hostname or --name", arrival.name);
    for (unsigned attempt = 2; attempt <= last_member; ++attempt) {
        auto name = fmt::format("{}-{}", arrival.name.substr(0, 50), attempt);
        if (names.add(name, number)) return name;
    }
    return failure(ExitStatus::failed, "all names like {} are taken: choose one with --hostname", arrival.name);
}

}  // namespace

Switch::Switch(FileDescriptor listener, const MakeGateway& make_gateway)
    : listener_(std::move(listener)), gateway_(make_gateway([this](ByteSpan frame) { forward(frame, the_gateway); })) {}

void Switch::run(std::chrono::milliseconds alone) {
    for (auto last = Clock::now(); Clock::now() - last < alone;) {
        serve(alone);
        if (!members_.empty() || !visitors_.empty()) last = Clock::now();
    }
}

void Switch::serve(std::chrono::milliseconds patience) {
    Waits waits{{listener_.number(), POLLIN, 0}};
    for (const auto& [number, member] : members_) waits.push_back({member.stream.descriptor(), static_cast<short>(member.stream.waits() ? POLLIN | POLLOUT : POLLIN), 0});
    for (const auto& visitor : visitors_) waits.push_back({visitor.connection.number(), POLLIN, 0});
    auto milliseconds = static_cast<u32>(patience.count());
    gateway_->add_waits(waits, milliseconds);
    if (::poll(waits.data(), waits.size(), static_cast<int>(milliseconds)) < 0) return;

    std::size_t at = 1;
    for (auto& [number, member] : members_)
        if (waits[at++].revents & ~POLLOUT) receive_from(number, member);
    for (auto& visitor : visitors_) {
        if (waits[at++].revents) listen_to(visitor);
        else visitor.gone = Clock::now() - visitor.since > time_to_greet;
    }
    gateway_->serve(waits);
    if (waits[0].revents) accept();
    for (auto& [number, member] : members_) member.gone |= !member.stream.flush();
    say_goodbye();
}

void Switch::accept() {
    FileDescriptor connection(::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection && visitors_.size() < most_visitors) visitors_.push_back({std::move(connection), {}, Clock::now()});
}

void Switch::listen_to(Visitor& visitor) {
    char buffer[4096];
    auto size = ::recv(visitor.connection.number(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    visitor.words.append(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
    bool whole = visitor.words.ends_with('\n');
    visitor.gone = whole || size <= 0 || visitor.words.size() > most_greeting;
    if (!whole) return;
    auto arrival = Arrival::from_line(visitor.words);
    auto welcome = arrival ? admit(*arrival) : std::unexpected(arrival.error());
    auto line = welcome ? welcome->to_line() : Welcome::refusal(welcome.error().message);
    (void)::send(visitor.connection.number(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (welcome) members_.emplace(welcome->number, Member{FrameStream(std::move(visitor.connection)), arrival->ports});
}

Outcome<Welcome> Switch::admit(const Arrival& arrival) {
    unsigned number = first_member;
    while (members_.contains(number)) ++number;
    if (number > last_member) return failure(ExitStatus::failed, "it is full, with {} machines: end one", members_.size());
    auto name = TRY(take_name(names_, arrival, number));
    auto opened = open_ports(arrival, number);
    if (opened) return Welcome{number, name};
    names_.remove(number);
    return std::unexpected(opened.error());
}

Outcome<void> Switch::open_ports(const Arrival& arrival, unsigned number) {
    for (auto port = arrival.ports.begin(); port != arrival.ports.end(); ++port) {
        if (gateway_->open(*port, number)) continue;
        auto why = error_text();
        std::for_each(arrival.ports.begin(), port, [&](const PortForward& opened) { gateway_->close(opened); });
        return failure(ExitStatus::failed, "-p {}: {}", text_of(*port), why);
    }
    return {};
}

void Switch::receive_from(unsigned number, Member& member) {
    bool goes_on = member.stream.receive([&](ByteSpan frame) {
        if (!speaks_for_itself(frame, number)) return;
        if (auto answer = names_.answer(frame)) member.stream.send(*answer);
        else forward(frame, number);
    });
    member.gone |= !goes_on;
}

void Switch::forward(ByteSpan frame, unsigned from) {
    const auto* header = view_at<wire::ethernet::Header>(frame, 0);
    if (!header) return;
    bool to_all = wire::ethernet::is_group(header->destination);
    bool found = false;
    for (auto& [number, member] : members_) {
        if (number == from || (!to_all && mac_at(header->destination) != member_mac(number))) continue;
        member.stream.send(frame);
        found = true;
    }
    if (from != the_gateway && (to_all || !found)) gateway_->take(frame);
}

void Switch::say_goodbye() {
    std::erase_if(visitors_, [](const Visitor& visitor) { return visitor.gone; });
    std::erase_if(members_, [&](const auto& entry) {
        const auto& [number, member] = entry;
        if (!member.gone) return false;
        for (const auto& port : member.ports) gateway_->close(port);
        names_.remove(number);
        return true;
    });
}

}  // namespace spore::host::lan
