# What is installed, and the Debian package made of it: ./dev package, or cpack in a build folder.
#
# Paths are those of a whole system, with the root as the prefix, as the unit names the program by its place:
#   cmake --install build/release --component server --prefix /tmp/stage     lays it out in a folder
# All is one component, so that nothing but the program has to be built for it.

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set_property(CACHE CMAKE_INSTALL_PREFIX PROPERTY VALUE "/")
endif()
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(documents usr/share/doc/parley)
install(TARGETS parley RUNTIME DESTINATION usr/bin COMPONENT server)
install(FILES deploy/systemd/parley.service DESTINATION lib/systemd/system COMPONENT server)
install(FILES deploy/systemd/parley.env DESTINATION etc/parley COMPONENT server
        PERMISSIONS OWNER_READ OWNER_WRITE)  # it is where secrets go; systemd reads it as root
install(FILES docs/configuration.md DESTINATION ${documents} COMPONENT server)
install(DIRECTORY docs/operate docs/use docs/wires docs/decisions DESTINATION ${documents} COMPONENT server
        FILES_MATCHING PATTERN "*.md")
install(DIRECTORY deploy/proxy DESTINATION ${documents}/examples COMPONENT server)

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS "${CMAKE_BINARY_DIR};parley;server;/")
set(CPACK_PACKAGING_INSTALL_PREFIX "/")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "real-time messaging server")
set(CPACK_PACKAGE_DESCRIPTION "Chat for a product of one's own, in one process: an embedded store, PostgreSQL or MongoDB,
WebSocket, Server-Sent Events and REST. What was acknowledged is on disk, in one order.")
set(CPACK_PACKAGE_CONTACT "parley <parley@localhost>")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "")
foreach(script conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${PROJECT_SOURCE_DIR}/deploy/debian/${script}")
endforeach()
include(CPack)
