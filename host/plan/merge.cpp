// What was asked for in layers: defaults of a project, spore.toml, the command line.
#include "host/plan/plan.hpp"

namespace spore::host {

void Request::merge(const Request& upper) {
    auto take = [](auto& lower, const auto& value) { if (value) lower = value; };
    take(program, upper.program);
    take(directory, upper.directory), take(memory, upper.memory), take(cpus, upper.cpus), take(machine, upper.machine);
    take(architecture, upper.architecture), take(platform, upper.platform), take(bus, upper.bus), take(gic, upper.gic), take(firmware, upper.firmware);
    take(accelerator, upper.accelerator), take(mode, upper.mode), take(log_level, upper.log_level), take(timeout, upper.timeout);
    take(image, upper.image), take(entrypoint, upper.entrypoint), take(root, upper.root), take(root_place, upper.root_place), take(disk, upper.disk), take(sysroot, upper.sysroot), take(kernel, upper.kernel);
    arguments.insert(arguments.end(), upper.arguments.begin(), upper.arguments.end());
    environment.insert(environment.end(), upper.environment.begin(), upper.environment.end());
    volumes.insert(volumes.end(), upper.volumes.begin(), upper.volumes.end());
    take(user, upper.user), take(stop_signal, upper.stop_signal), take(core, upper.core), take(restart, upper.restart);
    limits.insert(limits.end(), upper.limits.begin(), upper.limits.end());
    network.merge(upper.network);
    tailored |= upper.tailored;
    root_moves |= upper.root_moves;
    read_only_root |= upper.read_only_root;
    tmpfs.insert(tmpfs.end(), upper.tmpfs.begin(), upper.tmpfs.end());
    kept.insert(kept.end(), upper.kept.begin(), upper.kept.end());
    terminal |= upper.terminal;
    debug |= upper.debug;
}

void NetworkRequest::merge(const NetworkRequest& upper) {
    auto take = [](auto& lower, const auto& value) { if (value) lower = value; };
    auto replace = [](auto& lower, const auto& list) { if (!list.empty()) lower = list; };
    take(choice, upper.choice), take(nic, upper.nic), take(mac, upper.mac), take(mtu, upper.mtu), take(host_name, upper.host_name), take(capture, upper.capture);
    ports.insert(ports.end(), upper.ports.begin(), upper.ports.end());
    if (upper.automatic || !upper.addresses.empty()) addresses = upper.addresses, automatic = upper.automatic;
    replace(gateways, upper.gateways), replace(name_servers, upper.name_servers);
}

}  // namespace spore::host
