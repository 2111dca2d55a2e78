# Puts the agent on the search path, just before base: one object of its own, and the helpers that show things.

# An earlier agent goes first, so that nothing is masked twice.
if ("tools:rserver_kernel" %in% search()) get(".rserver_kernel", pos = "tools:rserver_kernel")$remove()

put_masks_on()
show_widgets()
assign(".rserver_kernel", new.env(parent = emptyenv()), envir = agent)
offer(
  c(
    run = "run", complete = "complete", inspect = "inspect", is_complete = "is_complete", variables = "variables",
    children = "children", types = "types", configure = "configure", display = "send_display",
    unhandled = "on_unhandled", remove = "remove_agent"
  ),
  .rserver_kernel
)
attached <- attach(NULL, pos = length(search()), name = "tools:rserver_kernel")
assign(".rserver_kernel", .rserver_kernel, envir = attached)
offer(
  c(
    "display", "update_display", "publish_mimebundle", "clear_output", "display_html", "display_markdown",
    "display_latex", "display_text", "display_javascript", "display_svg", "display_png", "display_jpeg",
    "display_pdf", "display_json", "display_vega"
  ),
  attached
)
