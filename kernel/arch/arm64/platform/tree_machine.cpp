#include "tree_machine.hpp"

#include "../boot/device_tree.hpp"
#include "../gic/gic.hpp"
#include "wire/fdt_key.hpp"

namespace spore::arch {

using namespace wire::fdt;

std::optional<u32> interrupt_at(ByteSpan cells, u64 offset) {
    // Type (0: a line, 1: of the CPU's own), number, flags [linux Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml].
    auto type = read_cells(cells, offset, 1), number = read_cells(cells, offset + 4, 1);
    if (!type || !number || *type > 1 || *number > interrupt::last_line) return std::nullopt;
    return static_cast<u32>(*number) + (*type == 0 ? interrupt::first_line : interrupt::first_own);
}

namespace {

/// Entry `index` of a node's interrupts.
std::optional<u32> interrupt_of(const Node& node, u32 index) {
    auto cells = node.property("interrupts");
    return cells ? interrupt_at(*cells, u64{index} * 12) : std::nullopt;
}

void read_gic(Machine& machine, const Node& node, u32 version) {
    auto first = node.region(0);
    if (machine.gic_version || !first) return;
    machine.distributor = {first->address};
    machine.gic_address_cells = static_cast<u32>(node.number("#address-cells").value_or(0) & 3);
    if (version == 2) {
        auto second = node.region(1);
        if (!second) return;
        machine.cpu_interface = {second->address};
    } else {
        u64 count = node.number("#redistributor-regions").value_or(1);
        for (u32 i = 0; i < count && machine.redistributor_count < Machine::max_redistributors; ++i) {
            auto region = node.region(1 + i);
            if (!region || region->size > ~u64{0} - region->address) break;
            machine.redistributors[machine.redistributor_count++] = {{region->address}, {region->address + region->size}};
        }
        if (!machine.redistributor_count) return;
    }
    machine.gic_version = version;
}

/// Secure, physical, virtual [linux Documentation/devicetree/bindings/timer/arm,arch_timer.yaml].
void read_timer(TimerWiring& timer, const Node& node) {
    timer.physical_interrupt = interrupt_of(node, 1).value_or(0);
    timer.virtual_interrupt = interrupt_of(node, 2).value_or(0);
    timer.hertz = static_cast<u32>(node.number("clock-frequency").value_or(0));
}

}  // namespace

void read_machine_node(Machine& machine, const Node& node) {
    auto kind = node.compatible();
    auto registers = node.region(0);
    if (kind == "arm,gic-v3") read_gic(machine, node, 3);
    else if (kind == "arm,cortex-a15-gic" || kind == "arm,gic-400") read_gic(machine, node, 2);
    else if (kind == "arm,armv8-timer") read_timer(machine.timer, node);
    else if (kind == "arm,psci-1.0" || kind == "arm,psci-0.2")
        machine.conduit = node.text("method") == "smc" ? Conduit::secure_monitor : Conduit::hypervisor;
    else if (registers && kind == "arm,gic-v3-its") machine.translation_service = {registers->address};
    else if (registers && kind == "arm,gic-v2m-frame") machine.message_frame = {registers->address};
    else if (registers && kind == "pci-host-ecam-generic" && registers->size <= ~u64{0} - registers->address)
        machine.pci_configuration = {{registers->address}, {registers->address + registers->size}};
    else if (registers && kind == "arm,pl011" && !machine.console.value)
        machine.console = {registers->address}, machine.console_line = interrupt_of(node, 0).value_or(0);
    else if (registers && kind == "arm,pl031") machine.wall_clock = {registers->address};
}

void for_each_processor_in_tree(void (*found)(u64 affinity)) {
    bool inside = false;  // /cpus
    Walk walk(device_tree());
    while (auto node = walk.next()) {
        if (node->depth() == 1) inside = node->name() == "cpus";
        if (!inside || node->depth() != 2 || node->text("device_type") != "cpu" || node->text("enable-method") != "psci" || !node->enabled()) continue;
        auto reg = node->property("reg");
        if (!reg) continue;
        if (auto affinity = read_cells(*reg, 0, node->cells().address)) found(*affinity);
    }
}

bool next_virtio_mmio_in_tree(u64& position, VirtioMmioSlot& slot) {
    static constinit std::optional<Walk> walk;  // where the last call left off
    if (position++ == 0) walk.emplace(device_tree());
    while (auto node = walk->next()) {
        if (node->depth() != 1 || !(node->compatible() == "virtio,mmio") || !node->enabled()) continue;
        auto registers = node->region(0);
        auto line = interrupt_of(*node, 0);
        if (!registers || !line || registers->size > 1_MiB) continue;
        slot = {{registers->address}, static_cast<u32>(registers->size), *line};
        return true;
    }
    return false;
}

std::optional<PowerKey> find_power_key() {
    if (!has_device_tree()) return std::nullopt;
    auto key = wire::fdt::find_power_key(device_tree());
    auto line = key ? interrupt_at(key->interrupts, 0) : std::nullopt;
    if (!line) return std::nullopt;
    return PowerKey{{key->controller}, *line, key->pin, key->active_low};
}

}  // namespace spore::arch
