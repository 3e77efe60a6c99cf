# What the messenger's own list of apps says of us.
app-description = A team of AI specialists. Ask anything: the right one answers.

# The pages that a person sees who adds us to their workspace. $workspace is its name.
install-done = Welcome aboard
install-done-text = Switchboard is now in { $workspace }. You can close this page. In the messenger, find Switchboard among the apps and write to it, or mention it in a channel to which you have invited it.
install-failed = Nothing was added
install-again = Begin again
install-declined = You did not agree, so nothing was changed. You can begin again at any time.
install-expired = This page is too old, was opened twice, or was begun in another browser. Please begin again; it takes a minute.
install-organisation = You chose all workspaces of your organisation at once, and Switchboard can only be added to one workspace at a time. Please begin again and choose a single workspace.
install-misconfigured = The messenger refused, because Switchboard is not set up correctly there. Please tell those who run it; their log says why.
install-later = Something did not answer in time, and nothing was added. Please begin again in a minute.
