/* Preloaded into Ardour's luasession, which sets up everything but the list of plugins: its user interface
 * would do that. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>

/* ARDOUR::init (bool, char const*, bool) */
bool _ZN6ARDOUR4initEbPKcb(bool try_optimization, const char *localedir, bool with_gui) {
  bool (*init)(bool, const char *, bool) = dlsym(RTLD_NEXT, "_ZN6ARDOUR4initEbPKcb");
  /* ARDOUR::PluginManager::instance () */
  void *(*instance)(void) = dlsym(RTLD_NEXT, "_ZN6ARDOUR13PluginManager8instanceEv");
  /* ARDOUR::PluginManager::refresh (bool cache_only) */
  void (*refresh)(void *, bool) = dlsym(RTLD_NEXT, "_ZN6ARDOUR13PluginManager7refreshEb");
  if (!init || !instance || !refresh || !init(try_optimization, localedir, with_gui)) {
    return false;
  }
  refresh(instance(), false);
  return true;
}
