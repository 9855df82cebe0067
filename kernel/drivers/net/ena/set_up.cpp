// What is said to a device, in order, from its reset to its queues.
#include <algorithm>

#include "kernel/core/log.hpp"
#include "kernel/drivers/net/ena/device.hpp"

namespace spore::drivers::ena {

using namespace wire::ena;

namespace {
constexpr u32 link_header = 14, link_trailer = 4;  // with a VLAN's tag
constexpr u32 least_mtu = 1280, most_mtu = 9001;   // [RFC 8200 5]; what the cloud carries
constexpr u32 least_address_width = 40, most_address_width = 48;
constexpr u32 entry_sizes_bytes[] = {128, 256};
constexpr Duration reset_unit = Duration::ms(100), usual_command_patience = Duration::seconds(3), usual_keep_alive = Duration::seconds(6);
constexpr u16 queues_vector = 1, sent_vector = 2;
constexpr u32 least_for_segments = 8;
constexpr u32 most_send_descriptors = device::Packet::max_slices + 2;
}  // namespace

Result<void> Device::reset_because(ResetReason reason) {
    Capabilities capabilities{TRY(registers_.read(Register::capabilities))};
    if (!(TRY(registers_.read(Register::status)) & status_ready) || !capabilities.reset_timeout()) return spore::fail(Error::io);
    registers_.write(Register::control, control_reset | static_cast<u32>(reason) << control_reason_shift);
    registers_.offer_memory();
    auto wait_for = [&](u32 wanted) -> Result<void> {
        Result<u32> status = 0;
        auto reached = [&] { return !(status = registers_.read(Register::status)) || (*status & status_resetting) == wanted; };
        if (!registers_.wait(Duration{reset_unit.nanoseconds * capabilities.reset_timeout()}, reached)) return spore::fail(Error::timed_out);
        if (!status) return spore::fail(status.error());
        return {};
    };
    TRY(wait_for(status_resetting));
    registers_.write(Register::control, 0);
    return wait_for(0);
}

Result<void> Device::set_up() {
    TRY(check_versions());
    Capabilities capabilities{TRY(registers_.read(Register::capabilities))};
    if (capabilities.address_width() < least_address_width || capabilities.address_width() > most_address_width) return spore::fail(Error::not_supported);
    if (!(TRY(registers_.read(Register::status)) & status_ready)) return spore::fail(Error::io);
    registers_.write(Register::interrupt_mask, management_interrupt_masked);
    TRY(commands_.open(capabilities.command_timeout() ? Duration{reset_unit.nanoseconds * capabilities.command_timeout()} : usual_command_patience));
    TRY(events_.open());
    TRY(describe_host());
    TRY(read_attributes());
    TRY(read_queue_limits());
    TRY(read_offloads());
    TRY(choose_memory());
    TRY(listen_to_events());
    return set_mtu();
}

Result<void> Device::check_versions() {
    constexpr u32 without_make = 0xff'ffff;
    u32 version = TRY(registers_.read(Register::version)), controller = TRY(registers_.read(Register::controller_version));
    if (!version || (controller & without_make) < least_controller_version) return spore::fail(Error::not_supported);
    return {};
}

/// Devices may do without; some do more for a host that describes itself.
Result<void> Device::describe_host() {
    if (!host_page_) host_page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
    auto& host = *reinterpret_cast<HostPage*>(host_page_.bytes());
    host.system = system_linux;
    host.specification = specification;
    host.cpus = 1;
    host.abilities = host_sends_checksum6;
    auto told = commands_.set(Feature::host, HostAttributes{.page = address_of(host_page_.address().value), .debug = {}, .debug_size = 0});
    if (!told && told.error() == Error::timed_out) return told;
    return {};
}

Result<void> Device::read_attributes() {
    auto found = TRY(commands_.get<Attributes>(Feature::attributes));
    std::ranges::copy(found.address, identity_.mac.bytes.begin());
    if (identity_.mac.bytes[0] & 1 || identity_.mac == device::MacAddress{} || found.most_mtu < least_mtu) return spore::fail(Error::io);
    supported_ = found.features | always_supported;
    identity_.mtu = static_cast<u16>(std::min(found.most_mtu, most_mtu));
    patience_ = usual_keep_alive;
    if (supports(Feature::hints)) use_hints(TRY(commands_.get<Hints>(Feature::hints)));
    return {};
}

void Device::use_hints(const Hints& hints) {
    if (hints.keep_alive_timeout == no_timeout) patience_ = {};
    else if (hints.keep_alive_timeout) patience_ = Duration::ms(hints.keep_alive_timeout);
}

Result<void> Device::read_queue_limits() {
    u32 send_depth, receive_depth, completion_depth;
    if (supports(Feature::queue_limits_2)) {
        auto found = TRY(commands_.get<QueueLimits2>(Feature::queue_limits_2, queue_limits_2_version));
        if (found.version != queue_limits_2_version) return spore::fail(Error::not_supported);
        send_depth = found.send_depth;
        receive_depth = found.receive_depth;
        completion_depth = std::min(found.send_completion_depth, found.receive_completion_depth);
        limits_ = {.descriptors = found.send_descriptors, .header_size = found.header_size};
        receive_pieces_ = found.receive_descriptors;
    } else {
        auto found = TRY(commands_.get<QueueLimits>(Feature::queue_limits));
        send_depth = receive_depth = found.submission_depth;
        completion_depth = found.completion_depth;
        limits_ = {.descriptors = found.send_descriptors, .header_size = found.header_size};
        receive_pieces_ = found.receive_descriptors;
    }
    // A packet of the usual size takes one for its headers, one for its head and one for the rest.
    if (send_depth < TransmitRing::size || receive_depth < ReceiveRing::size || completion_depth < std::max(TransmitRing::size, ReceiveRing::size) ||
        limits_.descriptors < 3 || !receive_pieces_)
        return spore::fail(Error::not_supported);
    limits_.descriptors = std::min(limits_.descriptors, most_send_descriptors);
    limits_.header_size = std::min(limits_.header_size, most_header_size);
    identity_.mtu = static_cast<u16>(std::min<u32>(identity_.mtu, receive_pieces_ * page_size - link_header - link_trailer));
    return {};
}

Result<void> Device::read_offloads() {
    auto& features = identity_.features;
    features = {};
    if (!supports(Feature::offloads)) return {};
    auto found = TRY(commands_.get<Offloads>(Feature::offloads));
    constexpr u32 sends = sends_checksum4 | sends_checksum6, receives = receives_checksum4 | receives_checksum6;
    features.send_checksum = (found.send & sends) == sends;
    // A packet of segments should not have to be copied for want of descriptors: it lies in pages, and may begin and end within one.
    bool many = limits_.descriptors >= least_for_segments;
    features.send_tcp4_segments = many && found.send & sends_segments4;
    features.send_tcp6_segments = many && found.send & sends_segments6;
    if (features.send_tcp4_segments || features.send_tcp6_segments)
        features.max_send_size = std::min<u32>(link_header + 0xffff, (limits_.descriptors - 3) * page_size);
    features.receive_checksum = (found.receive & receives) == receives;
    return {};
}

/// Queues in the device's memory, where it has them and they suit: of entries with two descriptors before the header, several in those that follow.
Result<void> Device::choose_memory() {
    if (!supports(Feature::device_memory)) return {};
    auto found = TRY(commands_.get<DeviceMemory>(Feature::device_memory, device_memory_version));
    bool large = found.recommended_entry_size == entry_of_256 && found.entry_sizes & entry_of_256 &&
                 (found.large_depth ? found.large_depth : found.depth / 2) >= TransmitRing::size;
    bool suits = found.queues && found.header_places & header_in_entry && found.before_header & two_before_header && found.strides & several_per_entry &&
                 (large || (found.entry_sizes & entry_of_128 && found.depth >= TransmitRing::size));
    u32 size = entry_sizes_bytes[large], entries_per_packet = 1 + most_send_descriptors / (size / sizeof(SendDescriptor));
    u32 burst = found.modes & mode_bursts ? found.most_burst / size : 0;
    if (!suits || memory_.size < size * TransmitRing::size || (found.modes & mode_bursts && burst < entries_per_packet)) return {};
    DeviceMemory chosen{};
    chosen.header_place = header_in_entry;
    chosen.entry_size = large ? entry_of_256 : entry_of_128;
    chosen.before_header_chosen = two_before_header;
    chosen.stride = several_per_entry;
    chosen.modes = mode_no_stored_meta | mode_bursts;
    TRY(commands_.set(Feature::device_memory, chosen));
    limits_.entry_size = size;
    limits_.header_size = size - 2 * sizeof(SendDescriptor);
    limits_.most_burst = burst;
    limits_.stores_meta = !(found.modes & mode_no_stored_meta);
    return {};
}

Result<void> Device::listen_to_events() {
    bool tells_of_link = false, tells_of_life = false;
    if (supports(Feature::events)) {
        auto groups = TRY(commands_.get<EventGroups>(Feature::events));
        constexpr u32 ours = group_bit(EventGroup::link) | group_bit(EventGroup::fatal) | group_bit(EventGroup::notification) |
                             group_bit(EventGroup::keep_alive) | group_bit(EventGroup::reset_request);
        u32 wanted = groups.supported & ours;
        TRY(commands_.set(Feature::events, EventGroups{.supported = 0, .enabled = wanted}));
        tells_of_link = wanted & group_bit(EventGroup::link);
        tells_of_life = wanted & group_bit(EventGroup::keep_alive);
    }
    if (!tells_of_life) patience_ = {};
    link_up_.store(!tells_of_link, std::memory_order_relaxed);  // else it says so soon
    return {};
}

Result<void> Device::set_mtu() {
    if (!supports(Feature::mtu)) return {};
    return commands_.set(Feature::mtu, u32{identity_.mtu});
}

Result<void> Device::prepare() {
    TRY(receive_.prepare());
    TRY(transmit_.prepare());
    TRY(connect(Source::management));
    if (TRY(connect(Source::received)) != queues_vector) return spore::fail(Error::io);
    if (auto sent = connect(Source::sent)) own_sent_interrupt_ = *sent == sent_vector;
    return {};
}

Result<void> Device::make_queues() {
    QueuePair sent, received;
    bool in_device = limits_.entry_size;
    TRY(sent.open(commands_, *hardware_, register_space_, memory_,
                  {.direction = direction_send, .depth = TransmitRing::size, .submissions = in_device ? PhysAddr{} : transmit_.submissions(),
                   .completions = transmit_.completions(), .completion_size = sizeof(Sent), .vector = own_sent_interrupt_ ? sent_vector : queues_vector,
                   .memory_needed = limits_.memory_needed()}));
    TRY(received.open(commands_, *hardware_, register_space_, memory_,
                      {.direction = direction_receive, .depth = ReceiveRing::size, .submissions = receive_.submissions(),
                       .completions = receive_.completions(), .completion_size = sizeof(Received), .vector = queues_vector}));
    receive_.start(received);
    transmit_.start(sent, memory_, limits_, own_sent_interrupt_);
    return {};
}

}  // namespace spore::drivers::ena
