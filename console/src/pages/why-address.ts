// SPDX-License-Identifier: Apache-2.0
// Troubleshoot, with the question filled in.
export function whyAddress(question: { userId?: string; groupId?: string; appId?: string }): string {
    const params = new URLSearchParams();
    if (question.userId) params.set('user', question.userId);
    if (question.groupId) params.set('group', question.groupId);
    if (question.appId) params.set('app', question.appId);
    return `/troubleshoot/why?${params.toString()}`;
}
