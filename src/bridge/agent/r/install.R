# Puts the agent on the search path, just before base: the one object users could meet.

# An earlier agent goes first, so that nothing is masked twice.
if ("tools:rserver_kernel" %in% search()) get(".rserver_kernel", pos = "tools:rserver_kernel")$remove()

put_masks_on()
assign(
  ".rserver_kernel",
  list(
    run = run, complete = complete, inspect = inspect, is_complete = is_complete, variables = variables,
    configure = configure, display = display, unhandled = on_unhandled, remove = remove_agent
  ),
  envir = attach(NULL, pos = length(search()), name = "tools:rserver_kernel")
)
