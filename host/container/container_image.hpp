// Container images as roots: what an OCI or Docker image holds and says of its program [OCI image-spec 1.1, config.md]. skopeo reads them from wherever
// they are, umoci lays their layers over one another.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

struct ContainerImage {
    fs::path root;                                 ///< its files, unpacked
    std::vector<std::string> entrypoint, command;  ///< the program with first arguments, and what follows unless the user says something else
    std::vector<std::string> environment;          ///< "KEY=value"
    std::string directory;                         ///< empty: /
    User user;
    std::optional<unsigned> stop_signal;
};

/// `name` is an archive or an OCI layout of this machine's (`PATH` or `PATH:TAG`), or one of skopeo's names, such as docker://debian:12. Unpacked images
/// are kept in the cache.
Outcome<ContainerImage> open_container_image(const std::string& name, Architecture architecture);

/// What skopeo calls that image: names of its own stay, paths are told by what is there.
Outcome<std::string> source_of_image(const std::string& name);
/// What a line of skopeo's log says: time="…" level=fatal msg="…". Other texts stay.
std::string message_in_log(const std::string& text);
/// The image's own settings (skopeo inspect --config), and the number of its user (umoci's config.json).
Outcome<ContainerImage> parse_container_settings(std::string_view image, std::string_view runtime);

/// What a request says goes before what its image says; words in place of a program replace the image's command. Does nothing without an image.
Outcome<void> apply_container_image(Request& request);
/// The same, when the image is open.
Outcome<void> apply_container_image(Request& request, const ContainerImage& image);

}  // namespace spore::host
